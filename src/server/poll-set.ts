import * as native from '../native.js';

/** Events of poll(2); the values are the same on every architecture that Node runs on under Linux. */
export const POLLIN = 0x001;
export const POLLERR = 0x008;
export const POLLHUP = 0x010;
export const POLLRDHUP = 0x2000;
/** The other end of a connection is closed, or of no use any more. */
export const PEER_GONE = POLLRDHUP | POLLHUP | POLLERR;

/** What a descriptor is waited for, and what to do then. */
export interface Interest {
  readonly events: number;
  ready(revents: number): void;
}

/** The descriptors that a server waits for, all in one poll(2). */
export class PollSet {
  readonly #interests = new Map<number, Interest>();
  #table = new Int32Array(0);
  /** What each row of the table was made for. */
  #rows: Interest[] = [];
  #changed = false;

  /** Waits for `descriptor` from now on, in place of whatever it was waited for until now. */
  watch(descriptor: number, interest: Interest): void {
    this.#interests.set(descriptor, interest);
    this.#changed = true;
  }

  /** Waits no longer for `descriptor`; it stays open. */
  forget(descriptor: number): void {
    if (this.#interests.delete(descriptor)) this.#changed = true;
  }

  /**
   * Waits once, `timeoutMs` milliseconds at most (-1: for as long as it takes), and lets all that is ready be dealt with. False where nothing was.
   */
  wait(timeoutMs: number): boolean {
    if (this.#changed) this.#rebuild();
    const table = this.#table;
    if (native.poll(table, timeoutMs) === 0) return false;
    for (let at = 0; at < table.length; at += 3) {
      const revents = table[at + 2] as number;
      if (revents === 0) continue;
      const interest = this.#rows[at / 3] as Interest;
      // A handler that ran before may have dropped this descriptor, and a new one may have its number by now.
      if (this.#interests.get(table[at] as number) === interest) interest.ready(revents);
    }
    return true;
  }

  #rebuild(): void {
    this.#table = new Int32Array(this.#interests.size * 3);
    this.#rows = [...this.#interests.values()];
    let at = 0;
    for (const [descriptor, { events }] of this.#interests) {
      this.#table[at] = descriptor;
      this.#table[at + 1] = events;
      at += 3;
    }
    this.#changed = false;
  }
}
