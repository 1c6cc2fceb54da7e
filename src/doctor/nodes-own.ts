import { createRequire, syncBuiltinESMExports } from 'node:module';

const requireReal = createRequire(__filename);

interface Own {
  'node:child_process': typeof import('node:child_process');
  'node:crypto': typeof import('node:crypto');
  'node:fs': typeof import('node:fs');
  'node:tty': typeof import('node:tty');
}

/**
 * A module of Node's as the script gets it, to put other functions into it. (An import is a copy here, of what was there when this was loaded:
 * scripts/build.mjs.)
 */
export function nodesOwn<Name extends keyof Own>(name: Name): { -readonly [Key in keyof Own[Name]]: Own[Name][Key] } {
  return requireReal(name);
}

type AnyFunction = (this: unknown, ...args: never[]) => unknown;

/** Puts another function in the place of one, with its name and whatever else it has: `make` is given the one that was there. Nothing where there is none. */
export function replaceFunction<F extends AnyFunction>(holder: object, name: string, make: (original: F) => F): void {
  const own = Object.getOwnPropertyDescriptor(holder, name);
  const original = own?.value as F | undefined;
  if (!own || typeof original !== 'function') return;
  const made = Object.defineProperties(make(original), Object.getOwnPropertyDescriptors(original));
  Object.defineProperty(holder, name, { ...own, value: made });
}

/** Has modules that import by name get what was put into Node's. */
export function synchroniseExports(): void {
  syncBuiltinESMExports();
}
