/** How decoder and encoder of calls behave when they are used in other ways than the vectors use them. */
import { beforeAll, expect, test } from 'vitest';
import { type ContextCall, instantiate } from '../../src/core.js';
import { EMPTY_CALL } from '../support/empty-call.js';
import { buildNativeHost, runInNative } from '../support/native-host.js';
import { coreBytes } from '../support/wasm-host.js';

const core = instantiate(coreBytes);
const code = (name: string) => expect.objectContaining({ name: 'CodecError', code: name });
const FULL: ContextCall = {
  stdio: 7,
  cwd: true,
  umask: 0o27,
  nice: -1,
  limits: [
    { resource: 7, soft: 1024n },
    { resource: 3, soft: null },
  ],
  affinity: Uint8Array.of(3),
  script: Uint8Array.from(Buffer.from('./x')),
  arguments: [Uint8Array.from(Buffer.from('a')), new Uint8Array()],
  environment: Uint8Array.from(Buffer.from('A=1\0\0B\0')),
};

beforeAll(buildNativeHost, 300_000);

test('requests and calls, coming and going, have one place: who begins ends the other', () => {
  const begin = [
    () => core.requestDecoder(),
    () => core.callDecoder(),
    () => core.encodeCall(EMPTY_CALL),
    () => core.encodeRequest('released', [], []),
  ];
  for (const other of begin) {
    const call = core.callDecoder();
    expect(call.space().length).toBeGreaterThan(6_000_000);
    other();
    expect(() => call.space()).toThrow(code('ERR_CORE_SEQUENCE'));
    expect(() => call.received(1, 0)).toThrow(code('ERR_CORE_SEQUENCE'));
    expect(() => call.call).toThrow(code('ERR_CORE_SEQUENCE'));
    const request = core.requestDecoder();
    other();
    expect(() => request.space()).toThrow(code('ERR_CORE_SEQUENCE'));
  }
});

test('the call is to be had once it is complete, again and again, and not before', () => {
  const encoded = core.encodeCall(FULL);
  const decoder = core.callDecoder();
  for (const [at, byte] of encoded.entries()) {
    expect(() => decoder.call).toThrow(code('ERR_CORE_SEQUENCE'));
    decoder.space()[0] = byte;
    expect(decoder.received(1, at === 0 ? 4 : 0)).toBe(at === encoded.length - 1);
  }
  const call = decoder.call;
  expect(call).toEqual(FULL);
  expect(decoder.call).toEqual(FULL);
  // Messages do not touch it, nor does a byte too many touch what was copied out.
  core.messageDecoder().push(core.encodeMessage({ kind: 'started', pid: 1 }));
  expect(decoder.call).toEqual(FULL);
  expect(decoder.space().length).toBe(1);
  expect(() => decoder.received(1, 0)).toThrow(code('ERR_MESSAGE_TRAILING'));
  expect(() => decoder.call).toThrow(code('ERR_CORE_SEQUENCE'));
  core.encodeCall({ ...EMPTY_CALL, arguments: [Buffer.alloc(200, 'x')] });
  expect(call).toEqual(FULL);
});

test('messages that come while a call is received do not disturb it', () => {
  const encoded = core.encodeCall(FULL);
  const decoder = core.callDecoder();
  const messages = core.messageDecoder();
  for (const [at, byte] of encoded.entries()) {
    decoder.space()[0] = byte;
    decoder.received(1, at === 0 ? 4 : 0);
    expect(messages.push(core.encodeMessage({ kind: 'signal', signal: 1 + (at % 64) }))).toHaveLength(1);
  }
  expect(decoder.call).toEqual(FULL);
});

test('counts that cannot be are refused, and end the decoder', () => {
  for (const [bytes, descriptors] of [
    [0, 0],
    [-1, 0],
    [6_299_648 + 8 + 2, 0],
    [1, -1],
    [2 ** 31, 0],
  ] as const) {
    const decoder = core.callDecoder();
    expect(() => decoder.received(bytes, descriptors)).toThrow(code('ERR_CORE_ARGUMENT'));
    expect(() => decoder.received(1, 0)).toThrow(code('ERR_CORE_SEQUENCE'));
  }
});

test('an error names the field that it is about', () => {
  expect(() => core.encodeCall({ ...EMPTY_CALL, affinity: new Uint8Array() })).toThrow(
    'a message has a field 6 of a wrong length',
  );
  expect(() => core.encodeCall({ ...EMPTY_CALL, stdio: 9 })).toThrow('a message has a field 1 with a value');
  const decoder = core.callDecoder();
  decoder.space().set(Buffer.from('430200000000000000', 'hex'));
  expect(() => decoder.received(8, 0)).toThrow('a message lacks field 1');
});

test('what is no call is refused: strings with a NUL, numbers that do not fit', () => {
  const bad = Buffer.from('a\0b');
  expect(() => core.encodeCall({ ...EMPTY_CALL, arguments: [bad] })).toThrow(code('ERR_STRING_WITH_NUL'));
  expect(() => core.encodeCall({ ...EMPTY_CALL, script: bad })).toThrow(code('ERR_STRING_WITH_NUL'));
  for (const wrong of [
    { stdio: 2 ** 32 },
    { umask: 2 ** 32 },
    { nice: 1.5 },
    { limits: [{ resource: Number.NaN, soft: 1n }] },
    { limits: [{ resource: 1, soft: -1n }] },
    { limits: [{ resource: 1, soft: 2n ** 64n }] },
  ]) {
    expect(() => core.encodeCall({ ...EMPTY_CALL, ...wrong })).toThrow(code('ERR_CORE_ARGUMENT'));
  }
});

test('fields are added in their order, each once, but for those that come in a row', () => {
  const bad = [
    '',
    'cwd',
    'umask 22 stdio 7',
    'stdio 0 stdio 0',
    'stdio 0 cwd cwd',
    'stdio 0 nice 1 umask 22',
    'stdio 0 limit 1 2 nice 1',
    'stdio 0 limit 1 2 affinity x limit 1 2',
    'stdio 0 script s script s',
    'stdio 0 script s affinity x',
    'stdio 0 a x script s',
    'stdio 0 e x a x',
    'stdio 0 a x e x a x',
    'a x',
  ];
  const results = runInNative(
    'host-sanitized',
    bad.map((words) => `encode-call ${words}`),
  );
  expect(results).toEqual(bad.map(() => ['error ERR_CORE_SEQUENCE']));
});
