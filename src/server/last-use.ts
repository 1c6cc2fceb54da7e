import { utimesSync } from 'node:fs';
import { lockFileOf } from './lock-file.js';

/**
 * How often the last use is noted. Preclean only compares servers with each other, over days; a note for each call would be a write to
 * the file system for each call.
 */
const INTERVAL_MS = 3_600_000;

/**
 * Notes the last use of a server where preclean looks for it: as the time of the lock file. (The socket's own access time stays as it is
 * under relatime, and setting it sends the released watcher into an endless loop.)
 */
export class LastUse {
  readonly #lockFile: string | undefined;
  readonly #now: () => number;
  #noted: number;

  /** `socketPath` as the rendezvous has it, `.../sIDENT`; a socket of any other name has no lock file beside it. */
  constructor(socketPath: string, now: () => number = () => performance.now()) {
    this.#lockFile = lockFileOf(socketPath);
    this.#now = now;
    // The client has just made the file, or opened it.
    this.#noted = now();
  }

  /** To be told of each call. */
  note(): void {
    if (this.#lockFile === undefined || this.#now() - this.#noted < INTERVAL_MS) return;
    this.#noted = this.#now();
    const time = new Date();
    try {
      utimesSync(this.#lockFile, time, time);
    } catch {
      // It is gone, and so is the rendezvous: the watcher says so.
    }
  }
}
