/**
 * Words of test/vectors that both hosts, the core's and the codec's, read and write in the same way. Nothing here is Node's: the codec's host runs in browsers as
 * well.
 */
import type { IdentityInput, Meaning, Options, PrecleanEntry } from '../../src/core/face.js';

/** Bytes as a word of a vector. */
export function toWord(bytes: Uint8Array): string {
  let text = bytes.length === 0 ? '\\e' : '';
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096)).replace(
      /[^\x21-\x7e]|\\/g,
      (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
  }
  return text;
}

/** The bytes that a word stands for. */
export function fromWord(text: string): Uint8Array {
  const plain = text.replace(/\\(?:e|x(..))/g, (_, hex) =>
    hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const bytes = new Uint8Array(plain.length);
  for (let at = 0; at < plain.length; at++) bytes[at] = plain.charCodeAt(at);
  return bytes;
}

/** What a command line was found to say. */
export function optionLines(options: Options, argv: Uint8Array[]): string[] {
  if (options.mode === 'help') return ['mode help'];
  const script = options.scriptIndex;
  return [
    `mode ${options.mode}`,
    `mediation ${options.mediation ?? 'none'}`,
    ...(options.strict ? ['strict'] : []),
    ...(options.directOnTty ? ['direct-on-tty'] : []),
    ...(options.ident ? [`ident ${toWord(options.ident)}`] : []),
    ...options.fields.map(({ tag, string }) => `${tag} ${toWord(string)}`),
    `interpreter ${toWord(options.interpreter)}`,
    ...options.interpreterArguments.map((argument) => `argument ${toWord(argument)}`),
    ...(script === null ? [] : [`script ${script} ${toWord(argv[script] as Uint8Array)}`]),
    `first ${options.firstArgument}`,
  ];
}

/** TAG WORD .., in the order of the hash. */
export function identityInput(words: string[]): IdentityInput {
  const input: IdentityInput = {
    prologue: new Uint8Array(),
    context: [],
    fields: [],
    interpreter: new Uint8Array(),
    interpreterArguments: [],
    script: null,
  };
  for (let at = 0; at < words.length; at += 2) {
    const tag = words[at];
    if (tag === 'absent') {
      at--;
      continue;
    }
    const string = fromWord(words[at + 1] as string);
    const last = input.fields.at(-1);
    if (tag === 'p') input.prologue = string;
    else if (tag === 'G' || tag === 'E' || tag === 'o') input.fields.push({ tag, string, value: null });
    else if (tag === 'v' && last) last.value = string;
    else if (tag?.startsWith('c')) input.context?.push({ tag: Number(tag.slice(1)), bytes: string });
    else if (tag === 'i') input.interpreter = string;
    else if (tag === 'a') input.interpreterArguments.push(string);
    else if (tag === 's') input.script = string;
    else throw new Error(`identity: no tag ${tag} here`);
  }
  return input;
}

/** `[keep N] NAME TIME ..`. */
export function precleanInput(words: string[]): { entries: PrecleanEntry[]; kept: number | undefined } {
  const kept = words[0] === 'keep' ? Number(words[1]) : undefined;
  const rest = kept === undefined ? words : words.slice(2);
  const entries = rest.flatMap((word, at) =>
    at % 2 === 0 ? [{ name: fromWord(word), lastUse: BigInt(rest[at + 1] as string) }] : [],
  );
  return { entries, kept };
}

export function meaningLine(meaning: Meaning): string {
  if (meaning.action === 'exit') return `exit ${meaning.code}`;
  const reported = meaning.signal === null ? 'report-status' : `report-signal ${meaning.signal}`;
  const what = meaning.action === 'raise' ? `raise ${meaning.signal}` : reported;
  return `${what}${meaning.core ? ' core' : ''}`;
}
