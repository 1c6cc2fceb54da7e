import {
  MOMENT_EXECUTOR_CONNECTED,
  MOMENT_EXECUTOR_ENDED,
  MOMENT_SERVER_ACCEPTED,
  MOMENT_SERVER_HEARD,
} from '../../assembly/constants.js';
import type { Moment } from '../core.js';

/** Of an executor: those before its end, and its end. */
export const EXECUTOR_MOMENTS = MOMENT_EXECUTOR_ENDED - MOMENT_EXECUTOR_CONNECTED + 1;

/**
 * What an executor notes of its own call, at the place of each moment; 0: not yet. Milliseconds of performance.now(), which counts from the same moment in
 * a process and in those that are forked from it; but the end in nanoseconds, since it is noted where no JavaScript runs any more (exit.cc).
 */
export type ExecutorMoments = Float64Array;

/** In an executor whose call is traced: this is the present moment. */
export function noteMoment(moments: ExecutorMoments | null, moment: number): void {
  if (moments) moments[moment - MOMENT_EXECUTOR_CONNECTED] = performance.now();
}

/** A traced call as its server sees it. Other calls have none: nobody looks at the clock for them. */
export class CallTrace {
  readonly #seen: [moment: number, atMs: number][];
  #executor: ExecutorMoments | null = null;

  /** `acceptedAt`: by performance.now(). The call has just been found to be there. */
  constructor(acceptedAt: number) {
    this.#seen = [[MOMENT_SERVER_ACCEPTED, acceptedAt]];
    this.note(MOMENT_SERVER_HEARD);
  }

  note(moment: number): void {
    this.#seen.push([moment, performance.now()]);
  }

  /** Where its executor, which has not been told of the call yet, will note what it sees. */
  set executor(moments: ExecutorMoments | null) {
    moments?.fill(0);
    this.#executor = moments;
  }

  /** All that was seen. */
  get moments(): Moment[] {
    const own = this.#seen.map(([moment, atMs]) => ({ moment, at: nanoseconds(atMs) }));
    const executors = [...(this.#executor ?? [])].flatMap((at, place) => {
      const moment = MOMENT_EXECUTOR_CONNECTED + place;
      // It is another process that writes there: whatever that does, it must not be what ends this one.
      if (!(at > 0 && at < Number.MAX_SAFE_INTEGER)) return [];
      return [{ moment, at: moment === MOMENT_EXECUTOR_ENDED ? BigInt(Math.round(at)) : nanoseconds(at) }];
    });
    return [...own, ...executors];
  }
}

/** What CLOCK_MONOTONIC showed at a time of performance.now(). */
function nanoseconds(atMs: number): bigint {
  const agoMs = performance.now() - atMs;
  return process.hrtime.bigint() - BigInt(Math.round(agoMs * 1e6));
}
