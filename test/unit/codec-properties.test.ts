/** Properties of the codec: any cut of the bytes, and any turns that connections take, give the same events; whatever comes, it is an error or an event. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import {
  ClientConnection,
  CodecError,
  type FromClient,
  type FromServer,
  type Piece,
  ServerConnection,
  type ServerSends,
} from 'prefork-interp/codec';
import { expect, test } from 'vitest';
import { inState, join } from '../support/codec-host.js';
import { readsOf, took } from '../support/codec-reads.js';

/** A million takes a minute or two. */
const RANDOM_INPUTS = Number(process.env['PREFORK_TEST_RANDOM'] ?? 50_000);
/** How much more may be kept after all of them: what the engine has not given back yet, and nothing for each. */
const GROWTH_BYTES = 3e6;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function keptBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const string = fc.uint8Array({ maxLength: 30 }).map((bytes) => Uint8Array.from(bytes.filter((byte) => byte !== 0)));
const strings = fc.array(string, { maxLength: 5 });
const entries = fc.array(
  string.map((value) => Uint8Array.of(0x41, 0x3d, ...value)),
  { maxLength: 5 },
);
const descriptors = fc.subarray(['stdin', 'stdout', 'stderr', 'cwd'] as const);
const number = fc.nat(2 ** 31 - 1);

const request = fc
  .record({
    framing: fc.constantFrom('released' as const, 'first-design' as const),
    environment: entries,
    arguments: strings,
  })
  .map((fields) => ({ version: 1 as const, message: { kind: 'request' as const, ...fields } }));
const call = fc
  .record({
    descriptors,
    umask: fc.option(fc.nat(0o777)),
    nice: fc.option(fc.integer({ min: -20, max: 19 })),
    limits: fc.array(
      fc.record({ resource: fc.nat(15), soft: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 2n })) }),
      { maxLength: 3 },
    ),
    affinity: fc.option(fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Uint8Array.from(bytes))),
    script: fc.option(string),
    arguments: strings,
    environment: strings,
    traced: fc.boolean(),
  })
  .map((fields) => ({ version: 2 as const, message: { kind: 'call' as const, ...fields } }));
const opening = fc.oneof(request, call);

const whileRunning: fc.Arbitrary<ServerSends> = fc.oneof(
  fc.record({ kind: fc.constant('stopped' as const), signal: fc.integer({ min: 1, max: 64 }) }),
  fc.constant({ kind: 'continued' as const }),
  fc.record({
    kind: fc.constant('moments' as const),
    moments: fc.array(fc.record({ moment: number, at: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }), {
      minLength: 1,
      maxLength: 5,
    }),
  }),
);

/** Places to cut at, as parts of the whole. */
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 10 });

function client(version: 1 | 2): ClientConnection {
  return version === 1 ? inState('client', 1, 'request') : new ClientConnection(2);
}

function server(version: 1 | 2): ServerConnection {
  return version === 1 ? inState('server', 1, 'request') : new ServerConnection(2);
}

test('what a client sends is what its server receives, however it is cut', () => {
  fc.assert(
    fc.property(opening, places, ({ version, message }, parts) => {
      const reads = readsOf(client(version).send(message), parts);
      const { events, error } = took(server(version), reads);
      expect(error).toBeUndefined();
      expect(events).toEqual([
        message.kind === 'request'
          ? { ...message, descriptors: ['stdin', 'stdout', 'stderr'] }
          : {
              ...message,
              descriptors: ['stdin', 'stdout', 'stderr', 'cwd'].filter((name) =>
                message.descriptors.includes(name as 'cwd'),
              ),
            },
      ]);
    }),
    { numRuns: 500 },
  );
});

test('what a server sends is what its client receives, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(whileRunning, { maxLength: 6 }), fc.nat(65535), places, (messages, status, parts) => {
      const said: ServerSends[] = [...messages, { kind: 'ended', status }];
      const sender = inState('server', 2, 'running');
      const reads = readsOf(
        said.flatMap((message) => sender.send(message)),
        parts,
      );
      expect(took(inState('client', 2, 'running'), reads)).toEqual({ events: said, error: undefined });
    }),
    { numRuns: 500 },
  );
});

/** Changes to good bytes: one changed (often to what means something), the end cut off, something put behind. */
const changes = fc.array(
  fc.record({
    what: fc.constantFrom('byte', 'byte', 'byte', 'cut', 'append'),
    where: fc.nat(120),
    value: fc.oneof(fc.constantFrom(0, 1, 2, 8, 0x3d), fc.nat(255)),
  }),
  { minLength: 1, maxLength: 3 },
);

function damaged(pieces: readonly Piece[], list: { what: string; where: number; value: number }[]): Piece[] {
  const result = pieces.map(({ bytes, descriptors: names }) => ({ bytes: Uint8Array.from(bytes), descriptors: names }));
  const last = result.at(-1) as { bytes: Uint8Array };
  for (const { what, where, value } of list) {
    const piece = result[where % result.length] as { bytes: Uint8Array };
    if (what === 'cut') last.bytes = last.bytes.slice(0, where);
    else if (what === 'append') last.bytes = Uint8Array.of(...last.bytes, value);
    else if (piece.bytes.length > 0) piece.bytes[where % piece.bytes.length] = value;
  }
  return result.filter(({ bytes }) => bytes.length > 0);
}

test('what is wrong is wrong in the same way, however it is cut', () => {
  const seen = new Set<string | undefined>();
  fc.assert(
    fc.property(opening, changes, places, ({ version, message }, list, parts) => {
      const pieces = damaged(client(version).send(message), list);
      const whole = took(server(version), readsOf(pieces, []));
      expect(took(server(version), readsOf(pieces, parts))).toEqual(whole);
      const everywhere = Array.from({ length: join(pieces).length }, (_, at) => at / join(pieces).length);
      expect(took(server(version), readsOf(pieces, everywhere))).toEqual(whole);
      seen.add(whole.error);
    }),
    { numRuns: 1000, seed: 3 },
  );
  // The changes reach all kinds of outcome, or this would prove little.
  const wanted = [
    undefined,
    'ERR_REQUEST_MARKER',
    'ERR_REQUEST_TRAILING',
    'ERR_MESSAGE_VERSION',
    'ERR_MESSAGE_TRAILING',
    'ERR_FIELD_TRUNCATED',
  ];
  expect(wanted.filter((each) => !seen.has(each))).toEqual([]);
});

test('connections that take turns, byte by byte, disturb each other in nothing', () => {
  fc.assert(
    fc.property(fc.array(opening, { minLength: 2, maxLength: 5 }), (openings) => {
      const each = openings.map(({ version, message }) => {
        const pieces = client(version).send(message);
        const length = join(pieces).length;
        const bytewise = readsOf(
          pieces,
          Array.from({ length }, (_, at) => at / length),
        );
        return {
          connection: server(version),
          alone: took(server(version), bytewise),
          bytewise,
          events: [] as (FromClient | FromServer)[],
        };
      });
      for (let at = 0; each.some(({ bytewise }) => at < bytewise.length); at++) {
        for (const { connection, bytewise, events } of each) {
          const read = bytewise[at];
          if (read) events.push(...connection.receive(read.bytes, read.descriptors));
        }
      }
      expect(each.map(({ events }) => events)).toEqual(each.map(({ alone }) => alone.events));
    }),
    { numRuns: 200 },
  );
});

test('two calls of megabytes that take turns cost a few times what they cost one after the other, and not each byte for each', () => {
  const sender = () => new ClientConnection(2).send({ kind: 'call', descriptors: [], environment: [], arguments: [] });
  const fields = 200_000;
  // As many fields as there can be whose tags are not known: each is looked at, and each was a reason to begin anew.
  const filling = new Uint8Array(8 * fields).map((_, at) => (at % 8 === 1 ? 99 : 0));
  const [{ bytes }] = sender() as [Piece];
  const long = Buffer.concat([bytes.subarray(0, 8), filling, bytes.subarray(8)]);
  long.writeUInt32BE(long.length - 8, 4);
  const connections = [new ServerConnection(2), new ServerConnection(2)];
  const kinds: string[] = [];
  // Looking at all of it anew with each piece would be many terabytes, and no end in this test's time.
  for (let at = 0; at < long.length; at += 8) {
    for (const connection of connections) {
      for (const event of connection.receive(long.subarray(at, at + 8))) kinds.push(event.kind);
    }
  }
  expect(kinds).toEqual(['call', 'call']);
});

test('nothing is kept for a length that is only announced', () => {
  const announced = Uint8Array.of(0x43, 2, 0, 0, 0, 0x60, 0, 0);
  const before = process.memoryUsage().arrayBuffers;
  const connections = Array.from({ length: 1000 }, () => {
    const connection = new ServerConnection(2);
    expect([...connection.receive(announced)]).toEqual([]);
    return connection;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4e6);
  expect(connections).toHaveLength(1000);
});

/** A small generator of numbers, the same in each run (xorshift32): a million of fast-check's would take an hour. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test(`${RANDOM_INPUTS} random inputs: an event or a CodecError of the other side, and no growth of memory`, {
  timeout: 1_200_000,
}, () => {
  const random = generator(20_261_123);
  const control = { version: 2 as const, message: { kind: 'control' as const, operation: 'status' as const } };
  const openings = fc
    .sample(fc.oneof({ weight: 9, arbitrary: opening }, fc.constant(control)), { numRuns: 200, seed: 5 })
    .map(({ version, message }) => ({ version, pieces: client(version).send(message) }));
  const outcomes = new Map<string, number>();
  let before = 0;
  for (let input = 0; input < RANDOM_INPUTS; input++) {
    // What is kept once, whatever comes, is there after a tenth.
    if (input === Math.floor(RANDOM_INPUTS / 10)) before = keptBytes();
    const { connection, reads } = randomInput(random, openings);
    const { events, error } = took(connection, reads);
    for (const outcome of [...events.map(({ kind }) => kind), error ?? 'more'])
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect(keptBytes() - before).toBeLessThan(GROWTH_BYTES);
  // None is taken for a mistake of the host's, and all that can come of bytes is reached.
  expect([...outcomes.keys()].filter((outcome) => /ERR_CORE|ERR_CODEC_(ARGUMENT|SEQUENCE)/.test(outcome))).toEqual([]);
  const wanted = [
    'request',
    'call',
    'control',
    'signal',
    'started',
    'ended',
    'greeting',
    'status',
    'more',
    'ERR_FIELD_TWICE',
    'ERR_GREETING_MAGIC',
  ];
  expect(wanted.filter((outcome) => !outcomes.has(outcome))).toEqual([]);
});

const STATES = [
  () => new ClientConnection(1),
  () => inState('client', 1, 'running'),
  () => inState('client', 2, 'offered'),
  () => inState('client', 2, 'running'),
  () => inState('client', 2, 'asked'),
  () => inState('server', 1, 'request'),
  () => new ServerConnection(2),
  () => inState('server', 2, 'running'),
];
const FIELDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 19, 99];

function randomInput(random: (below: number) => number, openings: { version: 1 | 2; pieces: Piece[] }[]) {
  const parts = Array.from({ length: random(4) }, () => random(1000) / 1000);
  if (random(2) === 0) {
    const { version, pieces } = openings[random(openings.length)] as { version: 1 | 2; pieces: Piece[] };
    const list = Array.from({ length: random(4) }, () => ({
      what: ['byte', 'byte', 'cut', 'append'][random(4)] as string,
      where: random(120),
      value: random(3) === 0 ? random(256) : random(16),
    }));
    return { connection: server(version), reads: readsOf(damaged(pieces, list), parts) };
  }
  const connection = (STATES[random(STATES.length)] as () => ClientConnection | ServerConnection)();
  const bytes = random(3) === 0 ? Array.from({ length: random(80) + 1 }, () => random(256)) : likely(random);
  const names = random(20) === 0 ? (['stdin'] as const) : [];
  return { connection, reads: readsOf([{ bytes: Uint8Array.from(bytes), descriptors: names }], parts) };
}

/** Bytes that begin as something does. */
function likely(random: (below: number) => number): number[] {
  if (random(8) === 0) return [0x50, 0x46, 0x49, 0x0a, 0, 0, 0, random(4), random(256), random(256), random(256)];
  const body = Array.from({ length: random(4) }, () => {
    const length = [0, 1, 4, 4, 12][random(5)] as number;
    const value = Array.from({ length }, (_, at) => (at < length - 1 ? 0 : random(20)));
    return [
      0,
      FIELDS[random(FIELDS.length)] as number,
      0,
      0,
      0,
      0,
      0,
      random(10) === 0 ? random(256) : length,
      ...value,
    ];
  }).flat();
  const kind = 'CQGSTKERNMX'.charCodeAt(random(11));
  return [kind, random(30) === 0 ? 1 : 2, 0, 0, 0, 0, 0, random(10) === 0 ? random(256) : body.length, ...body];
}

test('an error is a CodecError', () => {
  expect(() => [...new ServerConnection(2).receive(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))]).toThrow(CodecError);
});
