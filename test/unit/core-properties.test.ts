/** Properties: what is encoded is decoded again, however it is cut; no bytes and no order of calls make the core trap. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { CodecError, type Framing, instantiate, type RequestDecoder } from '../../src/core.js';
import { buildNativeHost, runInNative } from '../support/native-host.js';
import { cut, escapeBytes, type Message, reads } from '../support/notation.js';
import { coreBytes, runInWasm } from '../support/wasm-host.js';

const core = instantiate(coreBytes);

beforeAll(buildNativeHost, 300_000);

const bytes = (maxLength = 40) => fc.uint8Array({ maxLength });
const string = bytes().map((value) => value.filter((byte) => byte !== 0));
const entry = fc.tuple(string, string).map(([name, value]) => Buffer.concat([name, Buffer.from('='), value]));
const framing = fc.constantFrom<Framing>('released', 'first-design');
/** Places to cut at, as parts of the whole. */
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

function cutAt(message: Message, parts: number[]): Message[] {
  const { length } = message.bytes;
  const sorted = [...new Set(parts.map((part) => Math.floor(part * length)))].sort((a, b) => a - b);
  return cut(message, sorted).filter((piece) => piece.bytes.length > 0);
}

/** Hands reads to a decoder, each in as many parts as its space wants. */
function receive(decoder: RequestDecoder, pieces: Message[]): boolean {
  let complete = false;
  for (const { bytes: piece, descriptors } of pieces.flatMap(reads)) {
    for (let at = 0; at < piece.length; ) {
      const space = decoder.space();
      const part = piece.subarray(at, at + space.length);
      space.set(part);
      at += part.length;
      complete = decoder.received(part.length, at === piece.length ? (descriptors.at(-1) ?? 0) : 0);
    }
  }
  return complete;
}

test('decode(encode(request)) is the request, in both framings, however it is cut', () => {
  fc.assert(
    fc.property(framing, fc.array(entry), fc.array(string), places, (kind, environment, args, parts) => {
      const encoded = Buffer.from(core.encodeRequest(kind, environment, args));
      const marker = kind === 'released' ? 1 : 0;
      const descriptors = Array.from(encoded, (_, at) => (at >= marker && at < marker + 3 ? 1 : 0));
      const decoder = core.requestDecoder();
      expect(receive(decoder, cutAt({ bytes: encoded, descriptors }, parts))).toBe(true);
      expect(decoder.request).toEqual({
        framing: kind,
        environment: Uint8Array.from(Buffer.concat(environment.flatMap((each) => [each, Buffer.alloc(1)]))),
        arguments: args.map((argument) => Uint8Array.from(argument)),
      });
    }),
    { numRuns: 1000 },
  );
});

test('decode(encode(status)) is the status, however it is cut', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 4 }), (status, place) => {
      const encoded = core.encodeStatus(status);
      const decoder = core.statusDecoder();
      const first = decoder.push(encoded.subarray(0, place));
      const result = first.done ? first : decoder.push(encoded.subarray(place));
      expect(result).toMatchObject({ done: true, status });
    }),
  );
});

test('the meaning of a status is the same for every way to say it: exit and signal are what wait(2) says', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xff }), (code) => {
      expect(core.waitStatus(code << 8)).toEqual({ action: 'exit', code });
    }),
  );
});

test('exactly: every exit and every signal, with a core and without, is reproduced', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0xff }),
      fc.integer({ min: 1, max: 64 }),
      fc.boolean(),
      (code, signal, dumped) => {
        expect(core.waitStatus(code << 8, 'exact')).toEqual({ action: 'exit', code });
        const status = signal | (dumped ? 0x80 : 0);
        expect(core.waitStatus(status, 'exact')).toEqual({ action: 'raise', signal, core: dumped });
        // What no process that has ended has: stopped by the signal, or a signal and an exit code.
        const wrong = [(signal << 8) | 0x7f, status | (Math.max(code, 1) << 8), status | (1 << (16 + (code % 16)))];
        for (const each of wrong) {
          expect(core.waitStatus(each, 'exact')).toEqual({
            action: 'message',
            signal: null,
            core: false,
            status: each,
          });
        }
      },
    ),
    { numRuns: 2000 },
  );
});

/** Reads as words of a `decode`. */
function decodeWords(pieces: Message[]): string[] {
  return pieces
    .flatMap(reads)
    .filter(({ bytes: read }) => read.length > 0)
    .map(({ bytes: read, descriptors }) => `${escapeBytes(read)}:${descriptors.at(-1) ?? 0}`);
}

/** A good request to which up to two things were done: a byte or a descriptor changed, the end cut off, something put behind. */
const change = fc.record({
  what: fc.constantFrom('byte', 'descriptors', 'cut', 'append'),
  where: fc.nat(60),
  value: fc.oneof(fc.constantFrom(0, 1, 0x3d), fc.integer({ min: 0, max: 255 })),
});
const damagedLine = fc
  .tuple(
    framing,
    fc.array(entry, { maxLength: 3 }),
    fc.array(string, { maxLength: 3 }),
    fc.array(change, { maxLength: 2 }),
    places,
  )
  .map(([kind, environment, args, changes, parts]) => {
    const encoded = [...core.encodeRequest(kind, environment, args)];
    const marker = kind === 'released' ? 1 : 0;
    let request = encoded.map((byte, at) => ({ byte, carried: at >= marker && at < marker + 3 ? 1 : 0 }));
    for (const { what, where, value } of changes) {
      const at = request[where % Math.max(request.length, 1)];
      if (what === 'cut') request = request.slice(0, where);
      else if (what === 'append') request.push({ byte: value, carried: 0 });
      else if (at && what === 'byte') at.byte = value;
      else if (at) at.carried = value % 4;
    }
    const message = {
      bytes: Buffer.from(request.map(({ byte }) => byte)),
      descriptors: request.map(({ carried }) => carried),
    };
    return ['decode', ...decodeWords(cutAt(message, parts))].join(' ');
  });
/** Reads of anything. */
const readLine = fc
  .array(fc.tuple(bytes(60), fc.constantFrom(0, 0, 0, 1, 2)), { maxLength: 8 })
  .map((given) => ['decode', ...given.map(([read, carried]) => `${escapeBytes(read)}:${carried}`)].join(' '));
const option = fc.constantFrom(
  '-U',
  '-L',
  '--strict',
  '--direct-on-tty',
  '-f',
  '--kill',
  '--help',
  '-g',
  '-G',
  '-E',
  '--',
  '-',
  'node',
  '-U,node',
  '-U node -x',
  '-ga/b',
  ' ',
  ',',
);
const optionsLine = fc
  .array(
    fc.oneof(
      option.map((text) => Buffer.from(text)),
      string,
    ),
    { maxLength: 8 },
  )
  .map((argv) => ['options prog', ...argv.map(escapeBytes)].join(' '));
const pieces = fc.array(bytes(), { maxLength: 5 });
const wireLine = fc
  .tuple(
    fc.constantFrom('greeting', 'status', 'sha256', 'greeting PFI\\x0a\\x00\\x00\\x00', 'greeting PFI\\x0a'),
    pieces,
  )
  .map(([operation, given]) => [operation, ...given.map(escapeBytes)].join(' '));
const waitLine = fc
  .oneof(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.integer({ min: 0, max: 0xff }),
    fc.nat(255).map((code) => code << 8),
  )
  .chain((status) => fc.constantFrom(`wait released ${status}`, `wait exact ${status}`));
const precleanLine = fc
  .array(fc.tuple(string, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), {
    minLength: 80,
    maxLength: 130,
    size: 'max',
  })
  .map((entries) => {
    const named = entries.flatMap(([name, time]) => [
      escapeBytes(Buffer.concat([Buffer.from('s'), name])),
      String(time),
    ]);
    return ['preclean me', ...named].join(' ');
  });
const anyLine = fc.oneof(damagedLine, readLine, optionsLine, wireLine, waitLine, precleanLine);

/** First words of results that the lines must reach. */
const OUTCOMES = [
  ...[
    'exit',
    'extension',
    'framing',
    'hash',
    'mode',
    'need',
    'raise',
    'remove',
    'report-signal',
    'report-status',
    'taken',
  ],
  ...['REQUEST_MARKER', 'REQUEST_DESCRIPTORS', 'REQUEST_TOO_LARGE', 'REQUEST_NOT_TERMINATED'],
  ...['REQUEST_ENVIRONMENT', 'REQUEST_TRAILING', 'GREETING_MAGIC', 'GREETING_TOO_LARGE', 'OPTION_UNKNOWN'],
  ...[
    'OPTION_VALUE_MISSING',
    'MEDIATION_MISSING',
    'MEDIATION_TWICE',
    'INTERPRETER_MISSING',
    'SCRIPT_MISSING',
    'IDENT_SLASH',
  ],
].map((outcome) => (/[A-Z]/.test(outcome) ? `error ERR_${outcome}` : outcome));

test('whatever the bytes, both hosts say the same, and neither traps', () => {
  const lines = fc.sample(anyLine, { numRuns: 20_000, seed: 7 });
  const native = runInNative('host-sanitized', lines);
  const different = lines
    .map((line, at) => ({ line, native: native[at], wasm: runInWasm(line) }))
    .filter((each) => JSON.stringify(each.native) !== JSON.stringify(each.wasm));
  expect({ different: different.length, first: different[0] }).toEqual({ different: 0, first: undefined });
  // The lines reach all kinds of outcome, or this would prove little.
  const outcomes = new Set(native.flat().map((line) => /^error \w+|^[\w-]+/.exec(line)?.[0]));
  expect(OUTCOMES.filter((outcome) => !outcomes.has(outcome))).toEqual([]);
});

test('random bytes as a request are an error or want more, and leave the core good for the next', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes(200), fc.integer({ min: 0, max: 3 }))), (given) => {
      const decoder = core.requestDecoder();
      try {
        for (const [piece, carried] of given) {
          if (piece.length === 0) continue;
          const descriptors = Array.from(piece, (_, at) => (at === piece.length - 1 ? carried : 0));
          receive(decoder, [{ bytes: Buffer.from(piece), descriptors }]);
        }
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
      }
      expect(Buffer.from(core.encodeRequest('first-design', [], [Buffer.from('x')])).toString('hex')).toBe(
        '00000000000003007800',
      );
    }),
    { numRuns: 1000 },
  );
});

/** Parameters of eight bytes, which JavaScript hands over as bigints. */
const LARGE: Record<string, number[]> = { preclean_last_use: [1], call_limit: [1], message_encode_reply: [4, 5, 6] };

test('no order of calls of what core.wasm exports traps, whatever the numbers', () => {
  const exports = new WebAssembly.Instance(new WebAssembly.Module(coreBytes)).exports as Record<string, unknown>;
  const functions = Object.entries(exports).filter(
    (each): each is [string, (...numbers: unknown[]) => unknown] => typeof each[1] === 'function',
  );
  const number = fc.oneof(
    fc.integer({ min: -2, max: 300 }),
    fc.constantFrom(131_071, 131_072, 6_291_456, -(2 ** 31), 2 ** 31 - 1),
    fc.integer(),
  );
  const call = fc.tuple(fc.nat(functions.length - 1), fc.array(number, { minLength: 9, maxLength: 9 }));
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 60 }), (calls) => {
      for (const [index, numbers] of calls) {
        const [name, run] = functions[index] as (typeof functions)[number];
        run(...numbers.map((each, at) => (LARGE[name]?.includes(at) ? BigInt(each) : each)));
      }
    }),
    { numRuns: 3000 },
  );
});
