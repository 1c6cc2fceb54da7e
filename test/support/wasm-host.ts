/** Runs a case through core.wasm by its face in src/core.ts: an operation and its words in, lines out, as native/core/test/host.cc. */
import { readFileSync } from 'node:fs';
import {
  CodecError,
  type Core,
  type IdentityInput,
  instantiate,
  type Options,
  type WaitTable,
} from '../../src/core.js';
import { escapeBytes, unescapeBytes } from './notation.js';
import { messageOperations } from './wasm-host-messages.js';

export const coreBytes = readFileSync(new URL('../../dist/core.wasm', import.meta.url));

const core: Core = instantiate(coreBytes);

export function runInWasm(line: string): string[] {
  const [operation, ...words] = line.split(' ');
  const run = OPERATIONS[operation as string];
  if (!run) throw new Error(`no operation ${operation}`);
  try {
    return run(words);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return [`error ${error.code}${error.subject.length === 0 ? '' : ` ${escapeBytes(error.subject)}`}`];
  }
}

const OPERATIONS: Record<string, (words: string[]) => string[]> = {
  ...messageOperations(core),
  options: (words: string[]) => {
    const argv = words.map(unescapeBytes);
    return optionLines(core.parseOptions(argv), argv);
  },
  identity: (words: string[]) => [`ident ${core.identity(identityInput(words))}`],
  digits: ([length]: string[]) => [`digits ${core.identDigits(Number(length))}`],
  ident: ([ident, length]: string[]) => {
    core.checkIdent(unescapeBytes(ident as string), Number(length));
    return ['good'];
  },
  sha256: (words: string[]) => [`hash ${Buffer.from(core.sha256(words.map(unescapeBytes))).toString('hex')}`],
  greeting: (words: string[]) => {
    const decoder = core.greetingDecoder();
    const result = pushAll(words, (piece) => decoder.push(piece));
    return result ? [`taken ${result.taken}`, `extension ${result.extensionBytes}`] : ['need'];
  },
  status: (words: string[]) => {
    const decoder = core.statusDecoder();
    const result = pushAll(words, (piece) => decoder.push(piece));
    return result ? [`taken ${result.taken}`, `status ${result.status}`] : ['need'];
  },
  decode,
  encode: ([framing, ...words]: string[]) => {
    const strings = (kind: string) =>
      words.flatMap((word, at) => (at % 2 && words[at - 1] === kind ? [unescapeBytes(word)] : []));
    const released = framing === 'released';
    const bytes = core.encodeRequest(released ? 'released' : 'first-design', strings('e'), strings('a'));
    const marker = released ? 1 : 0;
    return [
      `marker ${escapeBytes(bytes.subarray(0, marker))}`,
      `carriers ${escapeBytes(bytes.subarray(marker, marker + 3))}`,
      `rest ${escapeBytes(bytes.subarray(marker + 3))}`,
    ];
  },
  wait: ([table, status]: string[]) => {
    const meaning = core.waitStatus(Number(status), table as WaitTable);
    if (meaning.action === 'exit') return [`exit ${meaning.code}`];
    const reported = meaning.signal === null ? 'report-status' : `report-signal ${meaning.signal}`;
    const what = meaning.action === 'raise' ? `raise ${meaning.signal}` : reported;
    return [`${what}${meaning.core ? ' core' : ''}`];
  },
  preclean: ([inUse, ...words]: string[]) => {
    const kept = words[0] === 'keep' ? Number(words[1]) : undefined;
    const rest = kept === undefined ? words : words.slice(2);
    const entries = rest.flatMap((word, at) =>
      at % 2 === 0 ? [{ name: unescapeBytes(word), lastUse: BigInt(rest[at + 1] as string) }] : [],
    );
    return core.preclean(entries, unescapeBytes(inUse as string), kept).map((ident) => `remove ${escapeBytes(ident)}`);
  },
};

function optionLines(options: Options, argv: Uint8Array[]): string[] {
  if (options.mode === 'help') return ['mode help'];
  const script = options.scriptIndex;
  return [
    `mode ${options.mode}`,
    `mediation ${options.mediation ?? 'none'}`,
    ...(options.strict ? ['strict'] : []),
    ...(options.directOnTty ? ['direct-on-tty'] : []),
    ...(options.ident ? [`ident ${escapeBytes(options.ident)}`] : []),
    ...options.fields.map(({ tag, string }) => `${tag} ${escapeBytes(string)}`),
    `interpreter ${escapeBytes(options.interpreter)}`,
    ...options.interpreterArguments.map((argument) => `argument ${escapeBytes(argument)}`),
    ...(script === null ? [] : [`script ${script} ${escapeBytes(argv[script] as Uint8Array)}`]),
    `first ${options.firstArgument}`,
  ];
}

function identityInput(words: string[]): IdentityInput {
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
    const string = unescapeBytes(words[at + 1] as string);
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

/** Hands pieces over until the message is complete; `taken` counts in all of them. */
function pushAll<T extends { done: true; taken: number }>(
  words: string[],
  push: (piece: Uint8Array) => T | { done: false; taken: number },
): T | undefined {
  let before = 0;
  for (const word of words) {
    const result = push(unescapeBytes(word));
    if (result.done) return { ...result, taken: before + result.taken };
    before += result.taken;
  }
  return undefined;
}

/** Words are reads, BYTES:DESCRIPTORS; each is taken in as many parts as the decoder's space wants. */
function decode(words: string[]): string[] {
  const decoder = core.requestDecoder();
  let complete = false;
  for (const word of words) {
    const colon = word.lastIndexOf(':');
    const bytes = unescapeBytes(word.slice(0, colon));
    for (let from = 0; from < bytes.length; ) {
      const space = decoder.space();
      const part = bytes.subarray(from, from + space.length);
      space.set(part);
      from += part.length;
      complete = decoder.received(part.length, from === bytes.length ? Number(word.slice(colon + 1)) : 0);
    }
  }
  if (!complete) return ['need'];
  const { framing, environment, arguments: args } = decoder.request;
  const entries = Buffer.from(environment).toString('latin1').split('\0').slice(0, -1);
  return [
    `framing ${framing}`,
    ...entries.map((entry) => `environment ${escapeBytes(Buffer.from(entry, 'latin1'))}`),
    ...args.map((argument) => `argument ${escapeBytes(argument)}`),
  ];
}
