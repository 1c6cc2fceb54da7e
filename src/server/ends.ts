import * as native from '../native.js';

/** A page of memory: more executors than one server has at once, and those beyond have no early end. */
const PLACES = 4096;
/** Where an executor has no place. */
export const NO_PLACE = -1;

/**
 * Which executors have told their clients how they end, ahead of the end itself (tellEndOn in native/fork.ts). The server has to know: a client that goes then
 * has not deserted its call. It costs nobody a message: each executor has one byte, its place, in memory that all share.
 */
export class Ends {
  readonly #notes = native.sharedMemory(PLACES);
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

  hasTold(place: number): boolean {
    return place !== NO_PLACE && this.#notes[place] === 1;
  }

  /** The byte itself, for the executor; undefined where it has no place. */
  noteOf(place: number): Uint8Array | undefined {
    return place === NO_PLACE ? undefined : this.#notes.subarray(place, place + 1);
  }
}
