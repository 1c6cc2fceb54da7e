import { execFile } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlError } from './control-error.js';
import { findScript, firstLineOf } from './find-script.js';
import { type ClientMode, commandWith } from './shebang.js';

/** A client looks at the system and leaves. */
const LIMIT_MS = 10_000;
/** All words of a command line, escaped, and all variables that an interpreter reads. */
const MOST_BYTES = 16 * 1024 * 1024;

/** What a client says of the server that it would use: docs/protocol.md, "--explain". */
export interface Explanation {
  readonly directory: string;
  /** The rendezvous' name without its letter. */
  readonly ident: string;
  /** What was given with -g: then nothing of what follows has decided. */
  readonly chosen: string | undefined;
  /** Scheme 1's beginning; undefined in scheme 2. */
  readonly prologue: Buffer | undefined;
  readonly context: readonly { readonly tag: number; readonly bytes: Buffer }[];
  /** -G */
  readonly strings: readonly string[];
  /** -E, with its value; undefined where it is not set. */
  readonly variables: readonly { readonly name: string; readonly value: string | undefined }[];
  /** Options of the server, `NAME=VALUE`. */
  readonly options: readonly string[];
  readonly interpreter: string;
  readonly args: readonly string[];
  /** Its absolute path. */
  readonly script: string | undefined;
}

/** The native client of this package, seen from `dist/`. */
export const OWN_CLIENT = join(dirname(fileURLToPath(import.meta.url)), '../build/client/prefork-interp');

/** What running `word` now would use, as the client in its `#!` line says. Runs nothing. Throws {@link ControlError}. */
export async function explainScript(word: string): Promise<Explanation> {
  return explainFor(findScript(word, process.env['PATH'] ?? ''), process.env);
}

/** The same of a file, for a caller with another environment. */
export async function explainFor(file: string, env: NodeJS.ProcessEnv): Promise<Explanation> {
  const [program, ...words] = clientCommand('--explain', file);
  return ask(program, words, file, env);
}

/** The command line that its `#!` line stands for, with the client told what to do. Throws {@link ControlError}. */
export function clientCommand(mode: ClientMode, file: string): readonly [program: string, ...words: string[]] {
  const command = commandWith(mode, firstLineOf(file), file);
  if (!command) throw new ControlError(`${file}: its #! line does not name prefork-interp`);
  return command;
}

/** The run directory of this user, in this environment. */
export async function findRunDirectory(): Promise<string> {
  return (await ask(OWN_CLIENT, ['-U', '--explain', '-g', 'x', 'sh'], 'the run directory')).directory;
}

async function ask(program: string, words: readonly string[], about: string, env = process.env): Promise<Explanation> {
  const { error, stdout, stderr } = await run(program, words, env);
  if (error) {
    const says = stderr.trim().split('\n', 1)[0] || error.message;
    throw new ControlError(`${about}: its client does not explain itself: ${says}`);
  }
  return parseExplanation(stdout);
}

function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv) {
  return new Promise<{ error: Error | null; stdout: string; stderr: string }>((done) => {
    const options = { timeout: LIMIT_MS, maxBuffer: MOST_BYTES, killSignal: 'SIGKILL', env } as const;
    execFile(program, [...words], options, (error, stdout, stderr) => done({ error, stdout, stderr }));
  });
}

/** Lines that are not known are another version's, and passed over. */
export function parseExplanation(text: string): Explanation {
  const lines = text.split('\n').map((line) => line.split(' '));
  const all = (name: string) => lines.filter(([first]) => first === name).map(([, ...words]) => words.map(bytesOf));
  const first = (name: string) => all(name)[0]?.[0];
  const one = (name: string) => {
    const bytes = first(name);
    if (!bytes) throw new ControlError(`what the client says has no ${name}: it is of another version`);
    return bytes.toString();
  };
  const script = first('script');
  return {
    directory: one('directory'),
    ident: one('ident'),
    chosen: first('chosen')?.toString(),
    prologue: first('prologue'),
    context: all('context').map(([tag, bytes]) => ({ tag: Number(tag), bytes: bytes ?? Buffer.alloc(0) })),
    strings: all('string').map(([string]) => String(string)),
    variables: all('variable').map(([name, value]) => ({ name: String(name), value: value?.toString() })),
    options: all('option').map(([option]) => String(option)),
    interpreter: one('interpreter'),
    args: all('argument').map(([arg]) => String(arg)),
    script: script && resolve(script.toString()),
  };
}

/** A word as the client writes it: \xNN for bytes that are not in one. */
function bytesOf(word: string): Buffer {
  const latin1 = word.replaceAll(/\\x([0-9a-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(latin1, 'latin1');
}
