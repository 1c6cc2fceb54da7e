/** Holds what was measured against the limits. */
import type { Idle } from './idle.js';
import { type Figure, LIMITS, type Limit } from './limits.js';
import type { Measured } from './measure.js';

export interface Results {
  readonly measured: readonly Measured[];
  readonly idle?: Idle;
  readonly libc: string;
}

export interface Verdict {
  readonly what: string;
  readonly atMost: number;
  /** Missing where this run has not measured it, or the machine lacks what it is compared with. */
  readonly value?: number;
  readonly held?: boolean;
}

export function judge(results: Results, limits: readonly Limit[] = LIMITS): Verdict[] {
  return limits.map(({ what, atMost, is }) => {
    const value = figureOf(is, results);
    return value === undefined ? { what, atMost } : { what, atMost, value, held: value <= atMost };
  });
}

function figureOf(is: Figure, { measured, idle, libc }: Results): number | undefined {
  const of = (name: string) => measured.filter((one) => one.name === name);
  switch (is.of) {
    case 'medians':
      return is.musl && libc !== 'musl' ? undefined : worst(ratios(of(is.over), of(is.under), medianOf));
    case 'throughput':
      return worst(ratios(of(is.over), of(is.under), ({ callsPerSecond }) => callsPerSecond));
    case 'tail':
      return worst(of(is.name).map(({ times }) => times.p99 / times.median));
    case 'idle': {
      const values = idle?.processes.filter(({ what }) => is.what.includes(what)).map((process) => process[is.figure]);
      return worst(values ?? []);
    }
  }
}

const medianOf = ({ times }: Measured) => times.median;

/** Each mode of one case to the same mode of the other. */
function ratios(over: readonly Measured[], under: readonly Measured[], of: (one: Measured) => number): number[] {
  return over.flatMap((one) => {
    const other = under.find(({ mode }) => mode === one.mode);
    return other === undefined ? [] : [of(one) / of(other)];
  });
}

function worst(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}
