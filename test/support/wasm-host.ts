/** Runs a case through core.wasm by its face in src/core.ts: an operation and its words in, lines out, as native/core/test/host.cc. */
import { readFileSync } from 'node:fs';
import { CodecError, type Core, instantiate, type WaitTable } from '../../src/core.js';
import { escapeBytes, unescapeBytes } from './notation.js';
import { identityInput, meaningLine, optionLines, precleanInput } from './vector-words.js';
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
  wait: ([table, status]: string[]) => [meaningLine(core.waitStatus(Number(status), table as WaitTable))],
  preclean: ([inUse, ...words]: string[]) => {
    const { entries, kept } = precleanInput(words);
    return core.preclean(entries, unescapeBytes(inUse as string), kept).map((ident) => `remove ${escapeBytes(ident)}`);
  },
};

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
