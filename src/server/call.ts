import type { MessageDecoder } from '../core.js';
import * as native from '../native.js';
import type { CallTrace } from './call-trace.js';
import { NO_PLACE } from './ends.js';
import { FIRST_LOOK_MS, LAST_LOOK_MS } from './limits.js';

/**
 * Where a call stands, from the server's point of view:
 *
 *     silent --it is there--> waiting --an executor is forked--> receiving --it begins the script--> running --it ends--> over
 *        |                       |                                   |                                  |
 *        +--- the client goes ---+--> over                           +--------- the client goes --------+--> deserted --> over
 *
 * `deserted` ends when nothing is left of the call's process group, at the latest at the deadline, by SIGKILL. `attending` is no
 * call: a control program that waits for the end of the server.
 */
export type CallState = 'silent' | 'waiting' | 'receiving' | 'running' | 'deserted' | 'attending' | 'over';

/** So that a peer that does not read cannot hold up the server: the send fails instead. */
const DO_NOT_WAIT = native.MSG_DONTWAIT;
const SIGCONT = native.signalNumber('SIGCONT');
const NEVER = Number.POSITIVE_INFINITY;

/** One call that the server has accepted. It owns its connection and, while there is an executor, its pidfd. */
export class Call {
  state: CallState = 'silent';
  /** The executor's process, which also leads the call's process group; 0 before there is one. */
  pid = 0;
  /** Readable once the executor has ended (pidfd_open(2)); -1 before there is one, and after it was reaped. */
  pidfd = -1;
  /** Whether its executor has been receiving for so long that it does not keep others from starting. */
  slow = false;
  /** By which the executor tells of its end ahead of it (ends.ts). The call owns it. */
  place = NO_PLACE;
  /** Whether it has, and the client was told: that this goes then is the end of the call, and no desertion. */
  told = false;
  /** When to look again whether the call is there as a whole; Infinity: when something comes. */
  lookAt = NEVER;
  /** What has come from the client since the call began to run, as far as it is no whole message yet (version 2). */
  messages: MessageDecoder | undefined;
  /** Whether the executor was stopped when it was last looked at, and so the client is (version 2). */
  stopped = false;
  /** Whether its client has sent SIGCONT since the executor was last seen to stop: then it knows that it goes on (version 2). */
  continuedByClient = false;
  /** When it was accepted, by performance.now(). */
  readonly acceptedAt: number;
  /** Undefined where its client has not asked for its moments (version 2). */
  trace: CallTrace | undefined;
  #lookInMs = FIRST_LOOK_MS;

  constructor(
    /** -1 once it is closed. */
    public connection: number,
    /** The process that has connected. It lives as long as the connection is not seen to end. */
    readonly clientPid: number,
    /** Whether this is the call for which the server was started. */
    readonly initial: boolean,
    /** In milliseconds of performance.now(): until when this state may last. */
    public deadline: number,
    acceptedAt = performance.now(),
  ) {
    this.acceptedAt = acceptedAt;
  }

  /** Whether an executor lives. */
  get executing(): boolean {
    return this.pidfd >= 0;
  }

  /** Whether neither client nor executor is there any more, and somebody of the process group may be. */
  get orphaned(): boolean {
    return this.state === 'deserted' && !this.executing;
  }

  /** Looks again after a while: twice as long as the last time. */
  lookLater(now: number): void {
    this.lookAt = now + this.#lookInMs;
    this.#lookInMs = Math.min(2 * this.#lookInMs, LAST_LOOK_MS);
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

  /** Lets the client go on, if it is stopped. */
  continueClient(): void {
    try {
      native.sendSignal(this.clientPid, SIGCONT);
    } catch {
      // ESRCH: it has gone.
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

  /** What it owns; -1 for what is closed. */
  get descriptors(): number[] {
    return [this.connection, this.pidfd];
  }

  closeDescriptors(): void {
    native.closeAll(this.descriptors);
    this.connection = -1;
    this.pidfd = -1;
  }
}
