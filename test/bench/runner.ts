/** Has the runner in C (test/bench/native/runner.c) time a command: nothing of Node's is between the two looks at the clock. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type Case, MODES, type Mode } from './case.js';
import { program } from './programs.js';

/** No call takes longer that does not hang, on whatever machine. */
const CALL_LIMIT_S = 10;
const LEAST_LIMIT_S = 60;
/** A runner says a number for each call, and once what a call says. */
const OUTPUT_LIMIT_BYTES = 16 << 20;

export interface Batch {
  /** As waitpid(2) gives it, the same for all. */
  readonly status: number;
  /** A hash of what a call says, the same for all. */
  readonly output: string;
  /** From the first start to the last end, rests included. */
  readonly elapsedNs: number;
  /** How many were made in that time: some may not count. */
  readonly calls: number;
  readonly timesNs: number[];
}

export interface Run {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export function parseBatch(bytes: Buffer): Batch {
  const end = bytes.indexOf('\n');
  const [status, length, elapsedNs] = numbers(bytes.toString('latin1', 0, end));
  if (status === undefined || length === undefined || elapsedNs === undefined) {
    throw new Error('the runner said too little');
  }
  const output = bytes.subarray(end + 1, end + 1 + length);
  const timesNs = numbers(bytes.toString('latin1', end + 1 + length).trimEnd());
  const hash = createHash('sha256').update(output).digest('hex');
  return { status, output: hash, elapsedNs, calls: timesNs.length, timesNs };
}

function numbers(line: string): number[] {
  if (!/^\d+( \d+)*$/.test(line)) throw new Error(`the runner said ${JSON.stringify(line)}, and no numbers`);
  return line.split(' ').map(Number);
}

/**
 * Times a case's calls of one round. Where it is more than one, back to back, one more is made that does not count: it comes just after another case, and would find that one's
 * traces in the processor's caches.
 */
export async function timeCalls(c: Case, mode: Mode, calls: number, run: Run): Promise<Batch> {
  const uncounted = mode === 'back to back' && calls > 1 && (c.callers ?? 1) === 1 ? 1 : 0;
  const limit = Math.max(LEAST_LIMIT_S, calls * CALL_LIMIT_S);
  const words = [program('runner'), calls + uncounted, MODES[mode], c.callers ?? 1, limit, ...c.command].map(String);
  const [first, ...rest] = [...(c.inside ?? []), ...words] as [string, ...string[]];
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const options = {
      cwd: c.cwd ?? run.directory,
      env: { ...run.env, ...c.env },
      signal: run.signal,
      maxBuffer: OUTPUT_LIMIT_BYTES,
    };
    execFile(first, rest, { ...options, encoding: 'buffer' }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${c.name}: ${stderr.toString().trim() || error.message}`));
      else resolve(stdout);
    });
  });
  const batch = parseBatch(bytes);
  return { ...batch, timesNs: batch.timesNs.slice(uncounted) };
}
