import * as native from '../native.js';

/**
 * Where a call stands, from the server's point of view:
 *
 *     greeted --its request begins--> waiting --an executor may start--> running --it ends--> over
 *        |                               |                                  |
 *        +------ the client goes --------+--> over                          +--the client goes--> deserted --> over
 *
 * `deserted` ends when nothing is left of the call's process group, at the latest at the deadline, by SIGKILL.
 */
export type CallState = 'greeted' | 'waiting' | 'running' | 'deserted' | 'over';

/** So that a peer that does not read cannot hold up the server: the send fails instead. */
const DO_NOT_WAIT = native.MSG_DONTWAIT;

/** One call that the server has accepted. It owns its connection and, while there is an executor, its pidfd. */
export class Call {
  state: CallState = 'greeted';
  /** The executor's process, which also leads the call's process group; 0 before there is one. */
  pid = 0;
  /** Readable once the executor has ended (pidfd_open(2)); -1 before there is one, and after it was reaped. */
  pidfd = -1;

  constructor(
    /** -1 once it is closed. */
    public connection: number,
    /** Whether this is the call for which the server was started. */
    readonly initial: boolean,
    /** In milliseconds of performance.now(): until when this state may last. */
    public deadline: number,
  ) {}

  /** Whether an executor lives, so that this call counts against the limit. */
  get executing(): boolean {
    return this.pidfd >= 0;
  }

  /** Whether neither client nor executor is there any more, and somebody of the process group may be. */
  get orphaned(): boolean {
    return this.state === 'deserted' && !this.executing;
  }

  /** Sends without waiting; false where the client is not there any more, or does not read. */
  send(bytes: Uint8Array): boolean {
    try {
      native.send(this.connection, bytes, [], DO_NOT_WAIT);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Signals everybody in the call's process group; false where nobody is left in it. The kernel gives the number to no
   * other process or group while anybody is in this one, also when its leader was reaped (kernel/pid.c, __change_pid).
   */
  signalGroup(signal: number): boolean {
    try {
      native.sendSignal(-this.pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  /** Reaps the executor: its wait status, or undefined where it has not ended after all. */
  reap(): number | undefined {
    const ended = native.wait(this.pid, true);
    if (!ended) return undefined;
    native.close(this.pidfd);
    this.pidfd = -1;
    return ended.status;
  }

  /** Closes what it owns, in the server or, after a fork, in a process that must not have it. */
  closeDescriptors(): void {
    if (this.connection >= 0) native.close(this.connection);
    if (this.pidfd >= 0) native.close(this.pidfd);
    this.connection = -1;
    this.pidfd = -1;
  }
}
