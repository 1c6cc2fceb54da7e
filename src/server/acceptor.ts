import * as native from '../native.js';
import { LastUse } from './last-use.js';
import type { Staleness } from './staleness.js';
import type { Log } from './syslog.js';

/** A connection of the right user; `nobody`: there was none, or one that may not be served; else why the server must retire. */
export type Verdict =
  | { readonly connection: number; readonly clientPid: number }
  | 'nobody'
  | { readonly retire: string };

/** Takes calls from the listener and judges whether they may be served here. */
export class Acceptor {
  readonly #listener: number;
  readonly #maxErrors: number;
  readonly #staleness: Staleness;
  readonly #log: Log;
  readonly #lastUse: LastUse;
  readonly #uid = process.getuid?.();
  readonly #priority = native.priority(0);
  /** In a row. */
  #errors = 0;

  constructor(listener: number, maxErrors: number, staleness: Staleness, log: Log) {
    this.#listener = listener;
    this.#maxErrors = maxErrors;
    this.#staleness = staleness;
    this.#log = log;
    this.#lastUse = new LastUse(native.boundPath(listener));
  }

  /** Accepts one connection. `judging`: also judges it at once, as {@link judge} does. */
  accept(judging: boolean): Verdict {
    let connection: number;
    try {
      connection = native.accept(this.#listener);
    } catch (error) {
      return this.#failed(error as NodeJS.ErrnoException);
    }
    this.#errors = 0;
    const change = judging ? this.#staleness.findChange() : undefined;
    if (change !== undefined) {
      // Closed without a greeting: the client finds "no server", and starts a fresh one.
      native.close(connection);
      return { retire: change };
    }
    const { uid, pid: clientPid } = native.peerCredentials(connection);
    if (uid !== this.#uid) {
      native.close(connection);
      this.#log('warning', 'a call from another user was refused');
      return 'nobody';
    }
    if (judging) this.#lastUse.note();
    return { connection, clientPid };
  }

  /** Why a call must not be served here, but by a fresh server; undefined where it may. */
  judge(clientPid: number): string | undefined {
    const change = this.#staleness.findChange();
    if (change !== undefined) return change;
    if (this.#callerPriority(clientPid) < this.#priority) {
      // setpriority(2): only the privileged may raise it again, and an executor has the server's to begin with.
      return `it was started with nice value ${this.#priority}, and a caller has a better one`;
    }
    this.#lastUse.note();
    return undefined;
  }

  #callerPriority(clientPid: number): number {
    try {
      return native.priority(clientPid);
    } catch {
      // ESRCH: the caller has gone.
      return this.#priority;
    }
  }

  #failed(error: NodeJS.ErrnoException): Verdict {
    // The client has gone again: nothing is wrong.
    if (error.code === 'EAGAIN' || error.code === 'ECONNABORTED') return 'nobody';
    this.#errors += 1;
    if (this.#errors <= this.#maxErrors) return 'nobody';
    this.#log('error', `${error.message}, ${this.#errors} times in a row`);
    return { retire: 'calls cannot be accepted' };
  }
}
