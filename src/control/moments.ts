import { MOMENT_LIMIT } from '../../assembly/constants.js';

/** How the client has run the call: served by version 1 or 2, directly, or not at all. */
export type How = 'v1' | 'v2' | 'direct' | 'failed';

/** What a client has written about one call (PREFORK_INTERP_TRACE in docs/protocol.md). */
export interface Report {
  /** Nanoseconds of CLOCK_MONOTONIC by moment. */
  readonly moments: ReadonlyMap<number, bigint>;
  /** Undefined where it has not come to say so. */
  readonly how: How | undefined;
  /** Why it was run directly, or failed; else empty. */
  readonly why: string;
}

const HOW: readonly string[] = ['v1', 'v2', 'direct', 'failed'] satisfies How[];

/** Reads such a text. Of what is said twice the last counts; what is not known is another version's, and passed over. */
export function readReport(text: string): Report {
  const moments = new Map<number, bigint>();
  let how: How | undefined;
  let why = '';
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line.split(' ');
    if (word === 'moment') {
      const [moment = '', at = ''] = rest;
      if (/^\d{1,3}$/.test(moment) && Number(moment) < MOMENT_LIMIT && /^\d{1,20}$/.test(at)) {
        moments.set(Number(moment), BigInt(at));
      }
    } else if (HOW.includes(word)) {
      how = word as How;
      why = rest.join(' ');
    }
  }
  return { moments, how, why };
}
