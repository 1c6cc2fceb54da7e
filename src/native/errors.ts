import { constants } from 'node:os';

/** From the system's list, not libuv's (util.getSystemErrorName): that one lacks what libuv never returns, such as ECHILD. */
function nameOf(errno: number): string {
  const found = Object.entries(constants.errno).find(([name, value]) => value === errno && name !== 'EWOULDBLOCK');
  return found ? found[0] : `errno ${errno}`;
}

/**
 * A system call that failed.
 *
 * The addon builds every one of these through this class (it is handed over when the addon is loaded), so a failure has
 * one shape wherever it happens: the call, what it was done to, and the reason, as errno(3) numbers it (positive).
 */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  /** The reason's name, such as `EAGAIN`: what a caller decides on. */
  readonly code: string;

  constructor(
    readonly errno: number,
    reason: string,
    readonly syscall: string,
    readonly subject: string,
  ) {
    const code = nameOf(errno);
    super(`${syscall} ${subject}: ${reason} (${code})`);
    this.code = code;
  }
}

export type NativeErrorCode =
  /** The addon's file is not there or does not load. */
  | 'ERR_PREFORK_ADDON'
  /** This Node does not have what a fork of a live process needs, or a trial fork failed. */
  | 'ERR_PREFORK_NODE_UNSUPPORTED'
  /** V8's background work did not come to rest within the limit, so a fork would have lost some of it. */
  | 'ERR_PREFORK_TASKS_OUTSTANDING'
  /** A function was called where it cannot work: on another thread, in the wrong order. */
  | 'ERR_PREFORK_STATE';

/** What went wrong between this library and Node itself, as opposed to a system call. */
export class NativeError extends Error {
  override readonly name = 'NativeError';

  constructor(
    readonly code: NativeErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
