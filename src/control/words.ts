import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './usage.js';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What comes of a command's words: options that every command has, its own, and the rest. */
export interface Words {
  readonly json: boolean;
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly rest: readonly string[];
}

/**
 * Reads the words of a command that has `--json`, `--help` and `own` options, and from `least` to `most` words besides. Undefined where help was
 * asked for, which is printed. Throws {@link UsageError}.
 */
export function readWords(
  words: readonly string[],
  usage: string,
  { own = {}, least = 0, most = 0, what = '' }: { own?: Options; least?: number; most?: number; what?: string } = {},
): Words | undefined {
  const options = { json: { type: 'boolean' }, help: { type: 'boolean' }, ...own } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    if (values['help']) {
      process.stdout.write(usage);
      return undefined;
    }
    if (positionals.length < least) throw new Error(`which ${what}?`);
    if (positionals.length > most) throw new Error(`one word too many: ${positionals[most]}`);
    return { json: values['json'] === true, values: values as Words['values'], rest: positionals };
  } catch (error) {
    throw new UsageError((error as Error).message, usage);
  }
}

/** What every `--json` prints: one document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
