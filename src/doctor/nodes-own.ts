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

/** Has modules that import by name get what was put into Node's. */
export function synchroniseExports(): void {
  syncBuiltinESMExports();
}
