import { setTimeout as rest } from 'node:timers/promises';

/** Longer than anything takes on a slow machine that others use too; a test that meets it has failed, not been slow. */
export const LIMIT_MS = 30_000;
/** Between two looks at something that sends no message, such as the end of a process that is not a child. */
const LOOK_EVERY_MS = 5;

/**
 * Looks again and again until `look` gives something that is neither false, null nor undefined, and returns that. Throws at the
 * limit, with `what` it was that did not come.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = LIMIT_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== null && seen !== undefined) return seen as Exclude<T, false | null | undefined>;
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await rest(LOOK_EVERY_MS);
  }
}

/** The outcome of `promise`, or an error that says `what` did not come within the limit. */
export async function within<T>(what: string, promise: Promise<T>, limitMs = LIMIT_MS): Promise<T> {
  const done = new AbortController();
  const late = rest(limitMs, undefined, { signal: done.signal }).then(() => {
    throw new Error(`waited ${limitMs} ms in vain for ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    done.abort();
  }
}
