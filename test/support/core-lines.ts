/** Turns a case of test/vectors into the lines that a host runs: one, or for a message one for each way to cut it. */
import { callReads, cut, escapeBytes, type Message, parseMessage, parseString, reads } from './notation.js';
import type { Case } from './vector-file.js';

export interface HostLine {
  /** How the message was cut, for the report of a failure. */
  how: string;
  line: string;
  expected: string[];
}

/** Operations whose words are one message. */
const MESSAGE_OPERATIONS = ['greeting', 'status', 'decode', 'sha256', 'call', 'messages', 'header'];
/** A longer message is cut at the places below only, or the cases would take minutes. */
const CUT_EVERYWHERE_BYTES = 400;
const CUTS_OF_LONG = [1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 4095, 4096];

export function hostLines(test: Case): HostLine[] {
  if (!MESSAGE_OPERATIONS.includes(test.operation)) {
    return [{ how: 'as it is', line: plainLine(test), expected: test.expected }];
  }
  const message = parseMessage(test.words.filter((word) => word !== "''"));
  const isComplete = !/^(need|nothing|error)/.test(test.expected[0] ?? '') && test.operation !== 'sha256';
  // A header is looked at as a whole.
  if (test.operation === 'header') return [messageLine(test, 'as it is', [message])];
  return [
    ...cuts(message).map(([how, places]) => messageLine(test, how, cut(message, places))),
    ...(isComplete ? trailing(test, message) : []),
  ];
}

function plainLine({ operation, words }: Case): string {
  const expanded = operation === 'preclean' ? expandNames(words) : words.map((word) => escapeBytes(parseString(word)));
  return [operation, ...expanded].join(' ');
}

/** `names PREFIX FROM TO TIME STEP` as the names and times that it stands for. */
function expandNames(words: string[]): string[] {
  const result: string[] = [];
  for (let at = 0; at < words.length; at++) {
    if (words[at] !== 'names') {
      result.push(escapeBytes(parseString(words[at] as string)));
      continue;
    }
    const [prefix, ...numbers] = words.slice(at + 1, at + 6) as [string, ...string[]];
    const [from, to, time, step] = numbers.map(Number) as [number, number, number, number];
    for (let n = from; n <= to; n++) {
      result.push(`${prefix}${String(n).padStart(3, '0')}`, String(time + (n - from) * step));
    }
    at += 5;
  }
  return result;
}

/** Whole, in two pieces at every place, and byte by byte. */
function cuts(message: Message): [string, number[]][] {
  const { length } = message.bytes;
  const everywhere = Array.from({ length: Math.max(length - 1, 0) }, (_, at) => at + 1);
  const isLong = length > CUT_EVERYWHERE_BYTES;
  const places = isLong ? [...CUTS_OF_LONG, length - 1].filter((place) => place < length) : everywhere;
  return [
    ['whole', []],
    ...places.map((place): [string, number[]] => [`cut at ${place}`, [place]]),
    ...(isLong ? [] : [['byte by byte', everywhere] as [string, number[]]]),
  ];
}

/** Behind these nothing may follow. */
const TRAILING_ERRORS: Record<string, string> = {
  decode: 'error ERR_REQUEST_TRAILING',
  call: 'error ERR_MESSAGE_TRAILING',
};

/** With bytes behind it, in the last piece and as a piece of their own: not taken, or, behind a request, an error. */
function trailing(test: Case, message: Message): HostLine[] {
  const longer = {
    bytes: Buffer.concat([message.bytes, Buffer.from('\x00\xff')]),
    descriptors: [...message.descriptors, 0, 0],
  };
  const error = TRAILING_ERRORS[test.operation];
  const expected = error === undefined ? test.expected : [error];
  return [
    ['bytes behind it', []],
    ['bytes behind it, apart', [message.bytes.length]],
    ['bytes behind it, cut before its last', [message.bytes.length - 1]],
  ].map(([how, places]) => ({ ...messageLine(test, how as string, cut(longer, places as number[])), expected }));
}

function messageLine(test: Case, how: string, pieces: Message[]): HostLine {
  return { how, line: [test.operation, ...messageWords(test.operation, pieces)].join(' '), expected: test.expected };
}

/** The pieces as words for a host. Where descriptors come along, pieces are reads, and the words say how many came with each. */
function messageWords(operation: string, pieces: Message[]): string[] {
  if (operation === 'decode') {
    return pieces.flatMap(reads).map(({ bytes, descriptors }) => `${escapeBytes(bytes)}:${descriptors.at(-1) ?? 0}`);
  }
  if (operation === 'call') {
    return pieces.flatMap(callReads).map(({ bytes, descriptors }) => `${escapeBytes(bytes)}:${descriptors[0] ?? 0}`);
  }
  return pieces.map(({ bytes }) => escapeBytes(bytes));
}
