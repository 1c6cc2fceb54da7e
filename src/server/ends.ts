import * as native from '../native.js';
import { EXECUTOR_MOMENTS, type ExecutorMoments } from './call-trace.js';

/** More executors than one server has at once, and those beyond have no early end. */
const PLACES = 1024;
const MOMENTS_BYTES = EXECUTOR_MOMENTS * Float64Array.BYTES_PER_ELEMENT;
/** Where an executor has no place. */
export const NO_PLACE = -1;

/**
 * How executors tell how they end, ahead of the end itself (tellEndBy in native/fork.ts): each has its place in memory that all share, and sends SIGCHLD. So no
 * executor has a descriptor for it, which its script would see. Beside it is what the executor of a traced call notes.
 */
export class Ends {
  readonly #notes = new Int32Array(native.sharedMemory(PLACES * Int32Array.BYTES_PER_ELEMENT).buffer);
  /** Pages of it are there once somebody has written to them. */
  readonly #moments = new Float64Array(native.sharedMemory(PLACES * MOMENTS_BYTES).buffer);
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

  /** Where the executor notes the moments of its call, if that is traced; null where it has no place. */
  momentsOf(place: number): ExecutorMoments | null {
    return place === NO_PLACE ? null : this.#moments.subarray(place * EXECUTOR_MOMENTS, (place + 1) * EXECUTOR_MOMENTS);
  }
}
