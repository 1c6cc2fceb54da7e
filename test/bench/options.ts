import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run bench -- [OPTION ..]

  --quick        few rounds, about a minute
  --rounds N     so many rounds in each section
  --only NAME    only this section or case; may be given several times
  --out FOLDER   where bench.json and chart.svg go; build/bench if not given
  --json FILE    the figures to this file, too
  --check        exit status 1 if a limit is missed
  --list         the names of sections, and nothing else
  --help         this text
`;

export interface Options {
  readonly quick: boolean;
  readonly rounds?: number;
  readonly only: readonly string[];
  readonly out?: string;
  readonly json?: string;
  readonly check: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

/** Throws a TypeError for words that are none of these. */
export function parseOptions(words: readonly string[]): Options {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: flag,
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      out: { type: 'string' },
      json: { type: 'string' },
      check: flag,
      list: flag,
      help: flag,
    },
  });
  const { rounds, ...others } = values;
  if (rounds === undefined) return others as Options;
  if (!/^[1-9]\d{0,5}$/.test(rounds)) throw new TypeError(`--rounds ${rounds} is no number of rounds`);
  return { ...others, rounds: Number(rounds) } as Options;
}
