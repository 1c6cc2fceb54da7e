/** Stops a process after a given one of its system calls (test/native/stop-at.c). */
import { existsSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { nativeTool } from './native-tools.js';
import type { Running, StartOptions } from './running.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';

/** Whether a process may be traced that is no child of the tracer: Yama may forbid it (ptrace_scope, ptrace(2)). */
export function mayTraceOthers(): boolean {
  const scope = '/proc/sys/kernel/yama/ptrace_scope';
  const level = existsSync(scope) ? Number(readFileSync(scope, 'utf8')) : 0;
  return level === 0 || (process.getuid?.() === 0 && level < 3);
}

export interface Stopper {
  readonly running: Running;
  /** The process that has been stopped; undefined before that. */
  stopped(): number | undefined;
}

/** `whom` is `process PID`, `child PID`, `command COMMAND ..` or, for SIGTERM in place of a stop, `ended COMMAND ..`. Returns when it is traced. */
export async function stopAt(
  w: Workspace,
  at: number,
  whom: readonly string[],
  options?: StartOptions,
): Promise<Stopper> {
  const stdio = [options?.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'pipe'] as const;
  const running = w.start(nativeTool('stop-at'), [String(at), ...whom], { ...options, stdio: [...stdio] });
  let told = '';
  (running.child.stdio[3] as Readable).on('data', (chunk: Buffer) => {
    told += chunk;
  });
  await until('the process is traced', () => told.startsWith('ready\n'));
  const stopped = () => {
    const pid = /^stopped (\d+)$/m.exec(told)?.[1];
    return pid === undefined ? undefined : Number(pid);
  };
  return { running, stopped };
}
