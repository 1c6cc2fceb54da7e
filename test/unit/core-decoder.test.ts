/** How the decoders and encoders of src/core.ts behave when they are used in other ways than the vectors use them. */
import { expect, test, vi } from 'vitest';
import { instantiate } from '../../src/core.js';
import { coreBytes } from '../support/wasm-host.js';

const core = instantiate(coreBytes);
const code = (name: string) => expect.objectContaining({ name: 'CodecError', code: name });
const node = Buffer.from('node');

test('a new decoder, or an encoder, ends the one before', () => {
  const first = core.requestDecoder();
  const second = core.requestDecoder();
  expect(() => first.space()).toThrow(code('ERR_CORE_SEQUENCE'));
  expect(() => first.received(1, 0)).toThrow(code('ERR_CORE_SEQUENCE'));
  expect(second.space().length).toBe(4);
  core.encodeRequest('released', [], [node]);
  expect(() => second.space()).toThrow(code('ERR_CORE_SEQUENCE'));
  expect(() => second.received(1, 0)).toThrow(code('ERR_CORE_SEQUENCE'));
});

test('the request is to be had once it is complete, again and again, and not before', () => {
  const decoder = core.requestDecoder();
  const pieces = ['\0', '\0', '\0', '\0\0\0\x0aA=1\0\0node\0'];
  for (const [at, piece] of pieces.entries()) {
    expect(() => decoder.request).toThrow(code('ERR_CORE_SEQUENCE'));
    decoder.space().set(Buffer.from(piece, 'latin1'));
    decoder.received(piece.length, at < 3 ? 1 : 0);
  }
  const expected = {
    framing: 'first-design',
    environment: Uint8Array.from(Buffer.from('A=1\0')),
    arguments: [Uint8Array.from(node)],
  };
  const request = decoder.request;
  expect(request).toEqual(expected);
  // It is a copy: what comes into the core's memory later does not change it.
  decoder.space().fill(0xff);
  core.encodeRequest('released', [Buffer.from('B=22222')], [Buffer.alloc(50, 'x')]);
  expect(request).toEqual(expected);
  expect(() => decoder.request).toThrow(code('ERR_CORE_SEQUENCE'));
});

test('counts that cannot be are refused, and end the decoder', () => {
  for (const [bytes, descriptors] of [
    [0, 0],
    [-1, 0],
    [5, 0],
    [1, -1],
    [2 ** 31, 0],
    [2 ** 32 + 1, -1],
  ] as const) {
    const decoder = core.requestDecoder();
    expect(() => decoder.received(bytes, descriptors)).toThrow(code('ERR_CORE_ARGUMENT'));
    expect(() => decoder.received(1, 0)).toThrow(code('ERR_CORE_SEQUENCE'));
  }
});

test('a decoder that has failed stays failed', () => {
  const decoder = core.requestDecoder();
  decoder.space().set(Buffer.from('G'));
  expect(() => decoder.received(1, 0)).toThrow(code('ERR_REQUEST_MARKER'));
  expect(() => decoder.received(1, 0)).toThrow(code('ERR_CORE_SEQUENCE'));
  expect(() => decoder.request).toThrow(code('ERR_CORE_SEQUENCE'));

  const greeting = core.greetingDecoder();
  expect(() => greeting.push(Buffer.from('X'))).toThrow(code('ERR_GREETING_MAGIC'));
  expect(() => greeting.push(Buffer.from('PFI\n'))).toThrow(code('ERR_CORE_SEQUENCE'));
});

test('a greeting decoder that is done takes nothing more', () => {
  const greeting = core.greetingDecoder();
  expect(greeting.push(core.encodeGreeting())).toEqual({ done: true, taken: 8, extensionBytes: 0 });
  expect(() => greeting.push(core.encodeGreeting())).toThrow(code('ERR_CORE_SEQUENCE'));
});

test('nor does a status decoder', () => {
  const status = core.statusDecoder();
  expect(status.push(core.encodeStatus(0x0700))).toEqual({ done: true, taken: 4, status: 0x0700 });
  expect(() => status.push(core.encodeStatus(0))).toThrow(code('ERR_CORE_SEQUENCE'));
});

test('the greeting is the one of v1, byte for byte', () => {
  expect(Buffer.from(core.encodeGreeting()).toString('hex')).toBe('5046490a00000000');
});

test('a status is sent as waitpid gives it, negative numbers as the bits they are', () => {
  expect(Buffer.from(core.encodeStatus(0x0700)).toString('hex')).toBe('00000700');
  expect(Buffer.from(core.encodeStatus(-1)).toString('hex')).toBe('ffffffff');
  expect(Buffer.from(core.encodeStatus(2 ** 32 - 1)).toString('hex')).toBe('ffffffff');
  for (const wrong of [2 ** 32, -(2 ** 31) - 1, 1.5, Number.NaN]) {
    expect(() => core.encodeStatus(wrong)).toThrow(code('ERR_CORE_ARGUMENT'));
  }
});

test('strings with a NUL are refused, as they would arrive as two', () => {
  const bad = Buffer.from('A=1\0B');
  expect(() => core.encodeRequest('released', [bad], [])).toThrow(code('ERR_STRING_WITH_NUL'));
  expect(() => core.encodeRequest('released', [], [bad])).toThrow(code('ERR_STRING_WITH_NUL'));
  expect(() => core.parseOptions([node, bad])).toThrow(code('ERR_STRING_WITH_NUL'));
  expect(() => core.checkIdent(bad, 10)).toThrow(code('ERR_STRING_WITH_NUL'));
  const identity = {
    prologue: Uint8Array.of(0),
    fields: [],
    interpreter: node,
    interpreterArguments: [],
    script: null,
  };
  expect(() => core.identity({ ...identity, interpreter: bad })).toThrow(code('ERR_STRING_WITH_NUL'));
  expect(() => core.identity({ ...identity, fields: [{ tag: 'E', string: node, value: bad }] })).toThrow(
    code('ERR_STRING_WITH_NUL'),
  );
  expect(() => core.preclean([{ name: bad, lastUse: 0n }], node)).toThrow(code('ERR_STRING_WITH_NUL'));
});

test('a command line without even a program name is refused', () => {
  expect(() => core.parseOptions([])).toThrow(code('ERR_CORE_ARGUMENT'));
});

test('an error of the options names what it is about', () => {
  expect(() => core.parseOptions([node, Buffer.from('-Uz'), node])).toThrow('unknown option -z');
});

test('where node has no address space for the memory, the error says what to do', () => {
  // What V8 does below `ulimit -v 8000000`, up to Node 22.
  class Instance {
    constructor() {
      throw new RangeError('WebAssembly.Instance(): Out of memory');
    }
  }
  vi.stubGlobal('WebAssembly', { Module: class {}, Instance });
  try {
    expect(() => instantiate(coreBytes)).toThrow(code('ERR_CORE_MEMORY'));
  } finally {
    vi.unstubAllGlobals();
  }
});
