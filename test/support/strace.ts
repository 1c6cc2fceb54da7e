/** strace(1): which system calls a program makes, and what it does when one of them fails or it is killed there. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { CLIENT } from './paths.js';
import type { Running, StartOptions } from './running.js';
import type { Workspace } from './workspace.js';

function installed(): boolean {
  try {
    // Also found out: whether processes may be traced here at all, which a sandbox may forbid.
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Tests that need it are skipped, by name, where it is not there. */
export const HAS_STRACE = installed();

/** One system call of a trace: its name, how many of that name came before it in the same process, and its line. */
export interface Call {
  readonly name: string;
  /** Counted from 1, as strace's `when=` does. */
  readonly when: number;
  readonly line: string;
}

/** These are documented never to fail, and no program asks whether they did. */
const NEVER_FAIL = ['getpid', 'getuid', 'getppid', 'umask'];
/** What the sanitizers' runtime asks for itself, and gives up without. */
const OF_SANITIZERS = ['mmap', 'munmap', 'mprotect', 'madvise', 'sigaltstack', 'prlimit64', 'getrlimit', 'sched_yield'];

/** Whether a test may make this call fail, and expect an answer of the client's. */
export function mayFail({ name }: Call): boolean {
  return !NEVER_FAIL.includes(name) && !(CLIENT.includes('/sanitize/') && OF_SANITIZERS.includes(name));
}

/** Starts a command under strace; the trace goes to `trace`. */
export function straced(
  w: Workspace,
  options: readonly string[],
  command: readonly string[],
  start?: StartOptions,
): Running {
  return w.start('strace', ['-qq', '-o', w.path('trace'), ...options, ...command], start);
}

/** The system calls in the trace, which was made without `-f`. */
export function traceOf(w: Workspace): Call[] {
  if (!existsSync(w.path('trace'))) return [];
  const seen = new Map<string, number>();
  return readFileSync(w.path('trace'), 'latin1')
    .split('\n')
    .flatMap((line) => {
      const name = /^(\w+)\(/.exec(line)?.[1];
      if (name === undefined) return [];
      const when = (seen.get(name) ?? 0) + 1;
      seen.set(name, when);
      return [{ name, when, line }];
    });
}
