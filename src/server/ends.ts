import * as native from '../native.js';

/** More executors than one server has at once, and those beyond have no early end. */
const PLACES = 1024;
/** Where an executor has no place. */
export const NO_PLACE = -1;

/**
 * How executors tell how they end, ahead of the end itself (tellEndBy in native/fork.ts): each has its place in memory that all share, and sends SIGCHLD. So no
 * executor has a descriptor for it, which its script would see.
 */
export class Ends {
  readonly #notes = new Int32Array(native.sharedMemory(PLACES * Int32Array.BYTES_PER_ELEMENT).buffer);
  readonly #free = Array.from({ length: PLACES }, (_, at) => PLACES - 1 - at);

  /** A place for an executor that is about to be forked, or {@link NO_PLACE}. */
  take(): number {
    const place = this.#free.pop() ?? NO_PLACE;
    if (place !== NO_PLACE) this.#notes[place] = 0;
    return place;
  }

  /** Once its executor has ended: the place may be another's. */
  release(place: number): void {
    if (place !== NO_PLACE) this.#free.push(place);
  }

  /** The wait status of the executor, if it has told it. */
  statusOf(place: number): number | undefined {
    const note = place === NO_PLACE ? 0 : (this.#notes[place] as number);
    return note & native.END_NOTED ? note & ~native.END_NOTED : undefined;
  }

  /** What the executor tells it by; null where it has no place. */
  noteOf(place: number): Int32Array | null {
    return place === NO_PLACE ? null : this.#notes.subarray(place, place + 1);
  }
}
