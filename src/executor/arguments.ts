/**
 * Makes `process.argv` this call's, in place, since modules may hold the array. `own` are the script's own arguments; `startedWith` is what
 * `process.argv` was when setup started: node, the script if there is one, and the arguments that setup was given.
 *
 * Where initialisation has taken words off the front (`process.argv = process.argv.slice(2)`), so many (`dropped`) are taken off here: what follows
 * counts on it. Whatever else it did there was about the first caller's arguments, and is not repeated.
 */
export function setArguments(startedWith: readonly string[], dropped: number, own: readonly Uint8Array[]): void {
  const all = [...startedWith.slice(0, 2), ...own.map((bytes) => Buffer.from(bytes).toString())];
  process.argv.length = 0;
  // One by one: there may be more than a call can have as its arguments.
  for (const word of all.slice(dropped)) process.argv.push(word);
}

/** How many words `now` lacks at its front, if that is all it lacks of `before`; otherwise 0. */
export function droppedFromFront(before: readonly string[], now: readonly string[]): number {
  const dropped = before.length - now.length;
  if (dropped <= 0) return 0;
  return now.every((word, at) => word === before[at + dropped]) ? dropped : 0;
}
