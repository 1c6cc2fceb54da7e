import { basename } from 'node:path';

/** The program that a `#!` line names, and its first argument: all the rest of the line (execve(2)), if there is any. */
interface FirstLine {
  readonly program: string;
  readonly argument: string | undefined;
}

const CLIENT = 'prefork-interp';
/** The client as a word among those of `env -S`, and the word behind it. */
const CLIENT_WORD = /(?:^|[\s/])prefork-interp\s+(\S*)/;

/** What the client can be told to do instead of serving a call. */
export type ClientMode = '--explain' | '--examine';

/**
 * The command line by which the kernel would run `script`, but that the client is told to do something else. Whatever else is in the line, env(1) and
 * its quotes too, is left to those who read it. Undefined where the line does not name the client.
 */
export function commandWith(
  mode: ClientMode,
  line: string,
  script: string,
): readonly [program: string, ...words: string[]] | undefined {
  const parsed = parse(line);
  if (!parsed) return undefined;
  const { program, argument } = parsed;
  if (basename(program) === CLIENT) return [program, ...withMode(mode, argument), script];
  const found = argument === undefined ? null : CLIENT_WORD.exec(argument);
  if (argument === undefined || !found) return undefined;
  const [whole, next = ''] = found;
  const at = found.index + whole.length - next.length;
  return [program, `${argument.slice(0, at)}${insertion(mode, next)}${argument.slice(at)}`, script];
}

function parse(line: string): FirstLine | undefined {
  const match = /^#![ \t]*([^ \t]+)(?:[ \t]+(.*?))?[ \t]*$/.exec(line);
  if (!match) return undefined;
  return { program: match[1] as string, argument: match[2] || undefined };
}

/** In a combined form (docs/protocol.md) the option is one more piece; otherwise it is a word of its own. */
function withMode(mode: ClientMode, argument: string | undefined): string[] {
  if (argument === undefined) return [mode];
  if (argument.startsWith('-') && argument.includes(' ')) return [`${mode} ${argument}`];
  return argument.startsWith('-') && argument.includes(',') ? [`${mode},${argument}`] : [mode, argument];
}

function insertion(mode: ClientMode, next: string): string {
  return next.startsWith('-') && next.includes(',') ? `${mode},` : `${mode} `;
}
