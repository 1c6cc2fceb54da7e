/**
 * In what order a round runs its cases. Whatever else the machine does should fall on all alike, and none should always follow the same other one, whose traces in the
 * processor's caches it would have: so each round begins one case further on, and every other one runs backwards.
 */
export function inTurns<T>(cases: readonly T[], round: number): T[] {
  const first = cases.length === 0 ? 0 : round % cases.length;
  const turned = [...cases.slice(first), ...cases.slice(0, first)];
  return round % 2 === 0 ? turned : turned.reverse();
}
