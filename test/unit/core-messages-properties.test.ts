/** Properties of version 2: what is encoded is decoded again, however it is cut; whatever comes, both hosts say the same of it. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { CodecError, type ContextCall, instantiate, type Message } from '../../src/core.js';
import { buildNativeHost, runInNative } from '../support/native-host.js';
import { escapeBytes } from '../support/notation.js';
import { coreBytes, runInWasm } from '../support/wasm-host.js';

const core = instantiate(coreBytes);

beforeAll(buildNativeHost, 300_000);

const bytes = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength });
const string = bytes(40).map((value) => Uint8Array.from(value.filter((byte) => byte !== 0)));
const strings = fc.array(string, { maxLength: 6 });
const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const large = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const signal = fc.integer({ min: 1, max: 64 });
const pid = fc.integer({ min: 1, max: 2 ** 31 - 1 });

const call: fc.Arbitrary<ContextCall> = fc.record({
  stdio: fc.nat(7),
  cwd: fc.boolean(),
  umask: fc.option(fc.nat(0o777)),
  nice: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  limits: fc.array(fc.record({ resource: number, soft: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 2n })) }), {
    maxLength: 32,
  }),
  affinity: fc.option(bytes(1024, 1).map((value) => Uint8Array.from(value))),
  script: fc.option(string),
  arguments: strings,
  environment: strings.map((entries) =>
    Uint8Array.from(Buffer.concat(entries.flatMap((entry) => [entry, Buffer.alloc(1)]))),
  ),
});
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('signal' as const), signal }),
  fc.record({ kind: fc.constant('control' as const), operation: fc.constantFrom('status' as const, 'stop' as const) }),
  fc.record({ kind: fc.constant('started' as const), pid }),
  fc.record({ kind: fc.constant('stopped' as const), signal }),
  fc.constant({ kind: 'continued' as const }),
  fc.record({ kind: fc.constant('ended' as const), status: number }),
  fc.record({
    kind: fc.constant('refused' as const),
    reason: fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }).filter((text) => !text.includes('\0')),
  }),
  fc.record({
    kind: fc.constant('reply' as const),
    pid,
    running: number,
    waiting: number,
    spares: number,
    calls: large,
    uptimeMs: large,
    idleMs: large,
    script: fc.option(string),
    stale: fc.option(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }).filter((text) => !text.includes('\0')),
    ),
  }),
  fc.record({
    kind: fc.constant('moments' as const),
    moments: fc.array(fc.record({ moment: number, at: large }), { minLength: 1, maxLength: 32 }),
  }),
);
/** Places to cut at, as parts of the whole. */
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

function cutAt(whole: Uint8Array, parts: number[]): Uint8Array[] {
  const sorted = [...new Set(parts.map((part) => Math.floor(part * whole.length)))].sort((a, b) => a - b);
  const bounds = [0, ...sorted, whole.length];
  return bounds.slice(1).flatMap((end, at) => (end > (bounds[at] as number) ? [whole.slice(bounds[at], end)] : []));
}

function descriptors({ stdio, cwd }: ContextCall): number {
  return (stdio & 1) + ((stdio >> 1) & 1) + (stdio >> 2) + (cwd ? 1 : 0);
}

test('decode(encode(call)) is the call, however it is cut', () => {
  fc.assert(
    fc.property(call, places, (given, parts) => {
      const pieces = cutAt(core.encodeCall(given), parts);
      const decoder = core.callDecoder();
      for (const [at, piece] of pieces.entries()) {
        decoder.space().set(piece);
        expect(decoder.received(piece.length, at === 0 ? descriptors(given) : 0)).toBe(at === pieces.length - 1);
      }
      expect(decoder.call).toEqual(given);
    }),
    { numRuns: 1000 },
  );
});

test('decode(encode(messages)) are the messages, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), places, (given, parts) => {
      const decoder = core.messageDecoder();
      const pieces = cutAt(Buffer.concat(given.map((each) => core.encodeMessage(each))), parts);
      expect(pieces.flatMap((piece) => decoder.push(piece))).toEqual(given);
    }),
    { numRuns: 1000 },
  );
});

test('a header says of each encoded message what follows it', () => {
  fc.assert(
    fc.property(fc.oneof(message, call), (given) => {
      const encoded = 'kind' in given ? core.encodeMessage(given) : core.encodeCall(given);
      const kind = 'kind' in given ? given.kind : 'call';
      expect(core.messageHeader(encoded.subarray(0, 8))).toEqual({
        kind,
        bodyBytes: encoded.length - 8,
        traced: false,
      });
    }),
  );
});

/** Changes to good bytes: a byte changed (often to what means something), the end cut off, something put behind. */
const changes = fc.array(
  fc.record({
    what: fc.constantFrom('byte', 'byte', 'byte', 'cut', 'append'),
    where: fc.nat(120),
    value: fc.oneof(fc.constantFrom(0, 1, 2, 4, 8), fc.integer({ min: 0, max: 255 })),
  }),
  { maxLength: 3 },
);

function damage(good: Uint8Array, list: { what: string; where: number; value: number }[]): Uint8Array {
  let result = [...good];
  for (const { what, where, value } of list) {
    if (what === 'cut') result = result.slice(0, where);
    else if (what === 'append') result.push(value);
    else if (where < result.length) result[where] = value;
  }
  return Uint8Array.from(result);
}

const callLine = fc
  .tuple(call, changes, places, fc.constantFrom(0, 0, 0, 0, 1, -1))
  .map(([given, list, parts, more]) => {
    const pieces = cutAt(damage(core.encodeCall(given), list), parts);
    const count = Math.max(descriptors(given) + more, 0);
    return ['call', ...pieces.map((piece, at) => `${escapeBytes(piece)}:${at === 0 ? count : 0}`)].join(' ');
  });
const messagesLine = fc
  .tuple(fc.array(message, { minLength: 1, maxLength: 4 }), changes, places)
  .map(([given, list, parts]) => {
    const whole = Buffer.concat(given.map((each) => core.encodeMessage(each)));
    return ['messages', ...cutAt(damage(whole, list), parts).map(escapeBytes)].join(' ');
  });
/** Bytes that are any, but begin as a message does. */
const anyLine = fc
  .tuple(fc.constantFrom('call', 'messages'), fc.constantFrom(...'CQGSTKERNX'), fc.nat(60), bytes(60, 1))
  .map(([operation, kind, length, body]) => {
    const whole = Buffer.concat([Buffer.from(`${kind}\x02\0\0\0\0\0`, 'latin1'), Buffer.of(length), body]);
    return `${operation} ${escapeBytes(whole)}${operation === 'call' ? ':0' : ''}`;
  });
const headerLine = fc
  .tuple(fc.constantFrom(...'CQGSTKERNX'), fc.constantFrom(2, 2, 2, 1), number)
  .map(([kind, version, length]) => {
    const header = Buffer.alloc(8);
    header.write(kind);
    header[1] = version;
    header.writeUInt32BE(length >>> (length % 32), 4);
    return `header ${escapeBytes(header)}`;
  });

/** First words of results that the lines must reach. */
const OUTCOMES = [
  ...['stdio', 'need', 'nothing', 'header', 'signal', 'control', 'started', 'stopped', 'continued', 'ended', 'refused'],
  'reply',
  ...['MESSAGE_VERSION', 'MESSAGE_KIND', 'MESSAGE_TOO_LARGE', 'MESSAGE_DESCRIPTORS', 'MESSAGE_TRAILING'],
  ...['FIELD_TWICE', 'FIELD_LENGTH', 'FIELD_TRUNCATED', 'FIELD_MISSING', 'FIELD_VALUE', 'FIELD_NOT_TERMINATED'],
].map((outcome) => (/[A-Z]/.test(outcome) ? `error ERR_${outcome}` : outcome));

test('whatever the bytes, both hosts say the same, neither traps, and none is called a mistake of the host', () => {
  const lines = fc.sample(fc.oneof(callLine, messagesLine, anyLine, headerLine), { numRuns: 8000, seed: 2 });
  const native = runInNative('host-sanitized', lines);
  const different = lines
    .map((line, at) => ({ line, native: native[at], wasm: runInWasm(line) }))
    .filter((each) => JSON.stringify(each.native) !== JSON.stringify(each.wasm));
  expect({ different: different.length, first: different[0] }).toEqual({ different: 0, first: undefined });
  const outcomes = new Set(native.flat().map((line) => /^error \w+|^[\w-]+/.exec(line)?.[0]));
  // The lines reach all kinds of outcome, or this would prove little.
  expect(OUTCOMES.filter((outcome) => !outcomes.has(outcome))).toEqual([]);
  expect([...outcomes].filter((outcome) => outcome?.startsWith('error ERR_CORE'))).toEqual([]);
});

test('random bytes are an error or want more, and leave the core good for the next', () => {
  fc.assert(
    fc.property(fc.array(bytes(200, 1), { maxLength: 5 }), fc.nat(4), (pieces, count) => {
      for (const push of [callPusher(count), messagePusher()]) {
        try {
          for (const piece of pieces) push(piece);
        } catch (error) {
          if (!(error instanceof CodecError) || error.code.startsWith('ERR_CORE')) throw error;
        }
      }
      expect(Buffer.from(core.encodeMessage({ kind: 'continued' })).toString('hex')).toBe('4b02000000000000');
    }),
    { numRuns: 1000 },
  );
});

function callPusher(count: number): (piece: Uint8Array) => void {
  const decoder = core.callDecoder();
  let isFirst = true;
  return (piece) => {
    decoder.space().set(piece);
    decoder.received(piece.length, isFirst ? count : 0);
    isFirst = false;
  };
}

function messagePusher(): (piece: Uint8Array) => void {
  const decoder = core.messageDecoder();
  return (piece) => void decoder.push(piece);
}
