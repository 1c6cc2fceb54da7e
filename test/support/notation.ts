/**
 * The notation of words in test/vectors, and the one in which tests speak with native/core/test/host: bytes that are not printable, a
 * space and a backslash are \xNN, and an empty string is \e.
 */
export function escapeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return '\\e';
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x21-\x7e]|\\/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

export function unescapeBytes(text: string): Buffer {
  return Buffer.from(
    text.replace(/\\(?:e|x(..))/g, (_, hex) =>
      hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16)),
    ),
    'latin1',
  );
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

/** Words that stand for a message: 00, 00^1, 'text', len(5). */
export function parseMessage(words: string[]): Message {
  const parts = words.map((word): { bytes: Buffer; carried: number } => {
    const byte = /^([0-9a-f]{2})(?:\^(\d+))?$/.exec(word);
    if (byte) return { bytes: Buffer.from(byte[1] as string, 'hex'), carried: Number(byte[2] ?? 0) };
    const length = /^len\((\d+)\)$/.exec(word);
    if (!length) return { bytes: quoted(word), carried: 0 };
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(Number(length[1]));
    return { bytes, carried: 0 };
  });
  return {
    bytes: Buffer.concat(parts.map(({ bytes }) => bytes)),
    descriptors: parts.flatMap(({ bytes, carried }) => Array.from(bytes, (_, at) => (at === 0 ? carried : 0))),
  };
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

/** The message as one read after another gives it: each ends behind a byte that carries descriptors, as the kernel's do. */
export function reads(message: Message): Message[] {
  const places = message.descriptors.flatMap((count, at) =>
    count > 0 && at + 1 < message.bytes.length ? [at + 1] : [],
  );
  return cut(message, places);
}
