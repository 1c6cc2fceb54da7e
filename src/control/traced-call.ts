import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Report, readReport } from './moments.js';
import { MOMENT_CALLED, MOMENT_REAPED } from './timeline.js';

const TRACE_VARIABLE = 'PREFORK_INTERP_TRACE';

/** How a process has ended: one of both is null. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs the script once, with this process's descriptors and environment, and returns what was written about it into `file`, which is made for that; the moments
 * of the call's beginning and end are among them. Rejects where the script cannot be executed.
 */
export async function tracedCall(
  script: string,
  args: readonly string[],
  file: string,
): Promise<Report & { end: End }> {
  writeFileSync(file, '', { mode: 0o600 });
  const called = process.hrtime.bigint();
  const { end, reaped } = await run(script, args, { ...process.env, [TRACE_VARIABLE]: file });
  const report = readReport(readFileSync(file, 'utf8'));
  const moments = new Map([...report.moments, [MOMENT_CALLED, called], [MOMENT_REAPED, reaped]]);
  return { ...report, moments, end };
}

function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ end: End; reaped: bigint }> {
  return new Promise((resolve, reject) => {
    const child = spawn(script, args, { stdio: 'inherit', env });
    // As a shell: what a terminal sends to both is the script's to obey; what is sent to this process alone is passed on.
    const ignore = () => {};
    const passOn = (signal: NodeJS.Signals) => child.kill(signal);
    const listeners = { SIGINT: ignore, SIGQUIT: ignore, SIGTERM: passOn, SIGHUP: passOn } as const;
    for (const [signal, listener] of Object.entries(listeners)) process.on(signal, listener);
    const done = () => {
      for (const [signal, listener] of Object.entries(listeners)) process.off(signal, listener);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      const reaped = process.hrtime.bigint();
      done();
      resolve({ end: { code, signal }, reaped });
    });
  });
}
