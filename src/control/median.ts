import type { Phase } from './timeline.js';

/** The middle one, or of an even number the mean of the two in the middle. Of nothing: NaN. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const above = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + above) / 2 : above;
}

/**
 * One timeline of several: of each phase the median of its beginnings and of its durations, each by itself. A phase that less than half of the calls have is left
 * out: the start of a server, where one call of many came first.
 */
export function medianPhases(calls: readonly (readonly Phase[])[]): Phase[] {
  const alike = new Map<string, Phase[]>();
  for (const phase of calls.flat()) {
    const key = `${phase.process} ${phase.name}`;
    alike.set(key, [...(alike.get(key) ?? []), phase]);
  }
  return [...alike.values()]
    .filter((phases) => phases.length * 2 >= calls.length)
    .map((phases) => ({
      ...(phases[0] as Phase),
      start: median(phases.map(({ start }) => start)),
      duration: median(phases.map(({ duration }) => duration)),
    }))
    .sort((one, other) => one.start - other.start);
}
