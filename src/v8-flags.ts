import { setFlagsFromString } from 'node:v8';

/** V8 reads `-` and `_` in the names of its flags alike. */
const plainName = (flag: string) => flag.replace(/^-+(no-?)?/, '').replaceAll('_', '-');

/** What node was started with: what is said there about a flag stays as it is, since V8 does not tell what a flag is. */
function named(): Set<string> {
  const words = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  return new Set(words.map((word) => plainName(word.split('=', 1)[0] as string)));
}

/**
 * Runs something while flags of V8 (`--NAME`, `--no-NAME`) are not what they are by default, and puts them back: a script's code cache is good
 * for the same flags only, and what it makes of them is its own business.
 */
export function withFlags<T>(flags: readonly string[], run: () => T): T {
  const given = named();
  const set = flags.filter((flag) => !given.has(plainName(flag)));
  for (const flag of set) setFlagsFromString(flag);
  try {
    return run();
  } finally {
    for (const flag of set)
      setFlagsFromString(flag.startsWith('--no-') ? `--${flag.slice(5)}` : `--no-${flag.slice(2)}`);
  }
}
