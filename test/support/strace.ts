/** strace(1): which system calls a program makes, and what it does when one of them fails or it is killed there. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { CLIENT } from './paths.js';
import type { Running, StartOptions } from './running.js';
import { until } from './until.js';
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

/** Whether a process may be traced that is no child of the tracer: Yama may forbid it (ptrace_scope, ptrace(2)). */
function mayAttach(): boolean {
  const scope = '/proc/sys/kernel/yama/ptrace_scope';
  const level = existsSync(scope) ? Number(readFileSync(scope, 'utf8')) : 0;
  return level === 0 || (process.getuid?.() === 0 && level < 3);
}

export const MAY_ATTACH = mayAttach();

/** One system call of a trace: its name, how many of that name came before it in the same process, and its line. */
export interface Call {
  readonly name: string;
  /** Counted from 1, as strace's `when=` does. */
  readonly when: number;
  readonly line: string;
}

/** These are documented never to fail, or only for a clock that there is not: no program asks whether they did. */
const NEVER_FAIL = ['getpid', 'getuid', 'getppid', 'umask', 'clock_gettime'];
/** What the sanitizers' runtime asks for itself, and gives up without. */
const OF_SANITIZERS = ['mmap', 'munmap', 'mprotect', 'madvise', 'sigaltstack', 'prlimit64', 'getrlimit', 'sched_yield'];

/** Whether a test may make this call fail, and expect an answer of the client's. */
export function mayFail({ name }: Call): boolean {
  // A strace that is older than a system call shows its number, and cannot make it fail.
  if (name.startsWith('syscall_')) return false;
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

/** Starts strace for a process that runs, and returns when it has it. The trace goes to `trace`. */
export async function attachedTo(
  w: Workspace,
  pid: number,
  options: readonly string[],
): Promise<{ detach(): Promise<void> }> {
  const strace = w.start('strace', ['-qq', '-o', w.path('trace'), ...options, '-p', String(pid)]);
  const tracer = () => /^TracerPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  await until(`strace has process ${pid}`, () => tracer() === String(strace.pid));
  const detach = async () => {
    // It lets go of whom it traces.
    strace.kill('SIGINT');
    await strace.outcome;
  };
  return { detach };
}

/** The system calls in the trace of one process. */
export function traceOf(w: Workspace, name = 'trace'): Call[] {
  if (!existsSync(w.path(name))) return [];
  const seen = new Map<string, number>();
  return readFileSync(w.path(name), 'latin1')
    .split('\n')
    .flatMap((line) => {
      const name = /^(\w+)\(/.exec(line)?.[1];
      if (name === undefined) return [];
      const when = (seen.get(name) ?? 0) + 1;
      seen.set(name, when);
      return [{ name, when, line }];
    });
}
