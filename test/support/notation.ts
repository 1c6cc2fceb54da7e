import { fromWord, toWord } from './vector-words.js';

/**
 * The notation of words in test/vectors, and the one in which tests speak with native/core/test/host: bytes that are not printable, a
 * space and a backslash are \xNN, and an empty string is \e.
 */

export const escapeBytes = toWord;

export function unescapeBytes(text: string): Buffer {
  return Buffer.from(fromWord(text));
}

/** A word that stands for a string: bare or quoted parts, a quoted one perhaps repeated. */
export function parseString(word: string): Buffer {
  const parts = [...word.matchAll(/'([^']*)'(?:\*(\d+))?|[^']+/g)];
  return Buffer.concat(
    parts.map(([bare, quoted, times]) => {
      if (quoted === undefined) return unescapeBytes(bare);
      const once = unescapeBytes(quoted);
      return Buffer.alloc(once.length * Number(times ?? 1), once);
    }),
  );
}

/** A message: its bytes, and how many descriptors each carries. */
export interface Message {
  bytes: Buffer;
  descriptors: number[];
}

/** Words that stand for a message: 00, 00^1, 'text', len(5), head(C,5), head(C,5)^3, field(1,5). */
export function parseMessage(words: string[]): Message {
  const parts = words.map((word) => {
    const [, what, carried] = /^([^']*?)(?:\^(\d+))?$/.exec(word) ?? [word, word];
    return { bytes: parsePart(what as string), carried: Number(carried ?? 0) };
  });
  return {
    bytes: Buffer.concat(parts.map(({ bytes }) => bytes)),
    descriptors: parts.flatMap(({ bytes, carried }) => Array.from(bytes, (_, at) => (at === 0 ? carried : 0))),
  };
}

function parsePart(word: string): Buffer {
  const [, hex, what, first, length] = /^(?:([0-9a-f]{2})|(len|head|field)\((?:(\w+),)?(\d+)\))$/.exec(word) ?? [];
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  if (what === undefined) return quoted(word);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Number(length));
  if (what === 'len') return bytes;
  const before = Buffer.alloc(4);
  // The kind of a message is a character, and its version is 2.
  if (what === 'head') before.write(`${first}\x02`, 'latin1');
  else before.writeUInt16BE(Number(first));
  return Buffer.concat([before, bytes]);
}

function quoted(word: string): Buffer {
  if (!word.startsWith("'")) throw new Error(`not a part of a message: ${word}`);
  return parseString(word);
}

/** The message cut before each of the places. */
export function cut(message: Message, places: number[]): Message[] {
  const bounds = [0, ...places, message.bytes.length];
  return bounds.slice(1).map((end, at) => ({
    bytes: message.bytes.subarray(bounds[at], end),
    descriptors: message.descriptors.slice(bounds[at], end),
  }));
}

/** The message as reads of version 2 give it: each begins with a byte that carries descriptors, or where the one before ends. */
export function callReads(message: Message): Message[] {
  return cut(
    message,
    message.descriptors.flatMap((count, at) => (count > 0 && at > 0 ? [at] : [])),
  );
}

/** The message as one read after another gives it: each ends behind a byte that carries descriptors, as the kernel's do. */
export function reads(message: Message): Message[] {
  const places = message.descriptors.flatMap((count, at) =>
    count > 0 && at + 1 < message.bytes.length ? [at + 1] : [],
  );
  return cut(message, places);
}
