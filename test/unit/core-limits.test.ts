/** The limits of assembly/constants.ts: what just fits goes through whole, and costs no more than it must. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  CALL_BODY_LIMIT,
  GREETING_EXTENSION_LIMIT,
  REQUEST_LIMIT,
  REQUEST_STRINGS_LIMIT,
} from '../../assembly/constants.js';
import { type ContextCall, type Core, instantiate, type Request } from '../../src/core.js';
import { EMPTY_CALL } from '../support/empty-call.js';
import { coreBytes } from '../support/wasm-host.js';

const core = instantiate(coreBytes);

/** Receives an encoded request as from a socket, the strings in pieces of a size. */
function receive(target: Core, encoded: Uint8Array, pieceBytes: number): Request {
  const decoder = target.requestDecoder();
  for (const [at, descriptors] of [0, 1, 1, 1].entries()) {
    decoder.space().set(encoded.subarray(at, at + 1));
    expect(decoder.received(1, descriptors)).toBe(false);
  }
  for (let at = 4; at < encoded.length; ) {
    const space = decoder.space();
    const piece = encoded.subarray(at, at + Math.min(pieceBytes, space.length));
    space.set(piece);
    at += piece.length;
    expect(decoder.received(piece.length, 0)).toBe(at === encoded.length);
  }
  return decoder.request;
}

describe('a request', () => {
  test('of 6 MiB in one variable, in pieces of 1 kB: each byte is looked at once', () => {
    const entry = Buffer.concat([Buffer.from('A='), Buffer.alloc(REQUEST_LIMIT - 4, 'x')]);
    const encoded = core.encodeRequest('released', [entry], []);
    expect(encoded.length).toBe(1 + 3 + 4 + REQUEST_LIMIT);
    const begin = performance.now();
    const request = receive(instantiate(coreBytes), encoded, 1024);
    // Looking at everything anew with each piece would be 19 gigabytes: many seconds.
    expect(performance.now() - begin).toBeLessThan(2000);
    expect(Buffer.concat([entry, Buffer.alloc(1)]).equals(request.environment)).toBe(true);
  });

  test('of as many strings as the kernel could pass', () => {
    const args = Array.from({ length: REQUEST_STRINGS_LIMIT }, (_, at) => Buffer.from(String(at)));
    const begin = performance.now();
    const encoded = core.encodeRequest('released', [], args);
    const request = receive(instantiate(coreBytes), encoded, 65536);
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(request.arguments.length).toBe(REQUEST_STRINGS_LIMIT);
    expect(Buffer.from(request.arguments.at(-1) as Uint8Array).toString()).toBe(String(REQUEST_STRINGS_LIMIT - 1));
  });

  test('of one string more is refused by both directions', () => {
    const args = Array.from({ length: REQUEST_STRINGS_LIMIT + 1 }, () => Buffer.alloc(0));
    expect(() => core.encodeRequest('released', [], args)).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_TOO_MANY_STRINGS' }),
    );
    const encoded = Buffer.alloc(1 + 3 + 4 + 1 + args.length);
    encoded.writeUInt32BE(1 + args.length, 4);
    expect(() => receive(instantiate(coreBytes), encoded, 65536)).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_TOO_MANY_STRINGS' }),
    );
  });

  test('of a typical large environment', () => {
    const environment = Array.from({ length: 1500 }, (_, at) => Buffer.from(`VARIABLE_${at}=${'v'.repeat(1000)}`));
    const request = receive(
      instantiate(coreBytes),
      core.encodeRequest('released', environment, [Buffer.from('node')]),
      65536,
    );
    expect(Buffer.from(request.environment).toString().split('\0').length).toBe(1501);
  });
});

describe('a call', () => {
  function receiveCall(target: Core, encoded: Uint8Array, pieceBytes: number): ContextCall {
    const decoder = target.callDecoder();
    for (let at = 0; at < encoded.length; ) {
      const piece = encoded.subarray(at, at + pieceBytes);
      decoder.space().set(piece);
      at += piece.length;
      expect(decoder.received(piece.length, 0)).toBe(at >= encoded.length);
    }
    return decoder.call;
  }

  test('as long as one may be, in pieces of 1 kB: each byte is looked at once', () => {
    // What the message's header does not count: stdio, the headers of both rows, the string's NUL.
    const argument = Buffer.alloc(CALL_BODY_LIMIT - 9 - 8 - 8 - 1, 'x');
    const encoded = core.encodeCall({ ...EMPTY_CALL, arguments: [argument] });
    expect(encoded.length).toBe(8 + CALL_BODY_LIMIT);
    const begin = performance.now();
    const call = receiveCall(instantiate(coreBytes), encoded, 1024);
    // Looking at everything anew with each piece would be 19 gigabytes: many seconds.
    expect(performance.now() - begin).toBeLessThan(2000);
    expect(argument.equals(call.arguments[0] as Uint8Array)).toBe(true);
  });

  test('of as many strings as the kernel could pass, and of one more', () => {
    const args = Array.from({ length: REQUEST_STRINGS_LIMIT }, () => Buffer.alloc(0));
    const encoded = Buffer.from(core.encodeCall({ ...EMPTY_CALL, arguments: args }));
    expect(receiveCall(instantiate(coreBytes), encoded, 65536).arguments.length).toBe(REQUEST_STRINGS_LIMIT);
    const tooMany = expect.objectContaining({ code: 'ERR_REQUEST_TOO_MANY_STRINGS' });
    const environment = Buffer.alloc(1);
    expect(() => core.encodeCall({ ...EMPTY_CALL, arguments: args, environment })).toThrow(tooMany);
    // The same by hand: the environment, whose field comes last, with one empty entry.
    const longer = Buffer.concat([encoded, environment]);
    longer.writeUInt32BE(longer.length - 8, 4);
    longer.writeUInt32BE(1, longer.length - 1 - 4);
    expect(() => receiveCall(instantiate(coreBytes), longer, 65536)).toThrow(tooMany);
  });
});

test('the longest option text that fits', () => {
  const interpreter = Buffer.alloc(131_072 - '-U\0'.length - 1, 'a');
  const options = core.parseOptions([Buffer.from('prog'), Buffer.from('-U'), interpreter]);
  expect(options.interpreter.length).toBe(interpreter.length);
});

test('preclean looks at no more names than its limit, and still chooses well among those', () => {
  const entries = Array.from({ length: 5000 }, (_, at) => ({
    name: Buffer.from(`s${String(at).padStart(4, '0')}`),
    lastUse: BigInt(at),
  }));
  const removed = core.preclean(entries, Buffer.from('me')).map((ident) => Buffer.from(ident).toString());
  expect(removed.length).toBe(4096 - 100);
  expect(removed[0]).toBe('0000');
  expect(removed.at(-1)).toBe('3995');
});

test('a greeting handed over with megabytes behind it takes its own bytes only', () => {
  const greeting = Buffer.alloc(8 + GREETING_EXTENSION_LIMIT + 2_000_000);
  greeting.write('PFI\n');
  greeting.writeUInt32BE(GREETING_EXTENSION_LIMIT, 4);
  expect(core.greetingDecoder().push(greeting)).toEqual({
    done: true,
    taken: 8 + GREETING_EXTENSION_LIMIT,
    extensionBytes: GREETING_EXTENSION_LIMIT,
  });
});

test('memory is not taken before it is used', () => {
  // 30 cores have 230 MB of memory between them. Kept until the end, so that none is collected.
  const residentKilobytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const before = residentKilobytes();
  const cores = Array.from({ length: 30 }, () => instantiate(coreBytes));
  for (const each of cores) each.encodeRequest('released', [Buffer.from('A=1')], [Buffer.from('node')]);
  expect(residentKilobytes() - before).toBeLessThan(60_000);
  expect(cores.length).toBe(30);
});
