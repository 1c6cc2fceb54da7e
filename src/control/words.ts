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

/** The words of a command that runs a script: what comes behind SCRIPT is the script's, whatever it looks like. */
export interface ScriptWords extends Omit<Words, 'rest'> {
  readonly script: string;
  readonly args: readonly string[];
}

/** Reads these, as {@link readWords} does. */
export function readScriptWords(words: readonly string[], usage: string, own: Options = {}): ScriptWords | undefined {
  const options = { json: { type: 'boolean' }, help: { type: 'boolean' }, ...own } as const;
  const { tokens } = parseArgs({ args: [...words], options, strict: false, tokens: true });
  const first = tokens.find(({ kind }) => kind === 'positional')?.index ?? words.length;
  const read = readWords(words.slice(0, first), usage, { own });
  if (!read) return undefined;
  const [script, ...args] = words.slice(first);
  if (script === undefined || script === '') throw new UsageError('which script?', usage);
  return { json: read.json, values: read.values, script, args };
}

/** A number of up to four digits; 0 for anything else. */
export function wholeNumber(text: string): number {
  return /^\d{1,4}$/.test(text) ? Number(text) : 0;
}

/** What every `--json` prints: one document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
