import * as native from '../native.js';

const SIGKILL = native.signalNumber('SIGKILL');

/** A process that was forked from the server. */
export interface Forked {
  readonly pid: number;
  /** Readable once it has ended (pidfd_open(2)). */
  readonly pidfd: number;
}

/**
 * Forks an executor; undefined in the new process. Throws where there can be none: no process, or no descriptor by which its end would be seen. One is kept
 * back for that until the process is there, since an executor that has begun cannot be taken back.
 */
export function forkExecutor(): Forked | undefined {
  const reserved = native.duplicateAbove(0, 0);
  let pid: number;
  try {
    pid = native.fork();
  } finally {
    native.close(reserved);
  }
  if (pid === 0) return undefined;
  try {
    return { pid, pidfd: native.openProcess(pid) };
  } catch (error) {
    native.sendSignal(pid, SIGKILL);
    native.wait(pid, false);
    throw error;
  }
}
