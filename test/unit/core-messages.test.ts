/** How decoders and encoder of messages behave when they are used in other ways than the vectors use them. */
import { describe, expect, test } from 'vitest';
import { instantiate, type Message } from '../../src/core.js';
import { coreBytes } from '../support/wasm-host.js';

const core = instantiate(coreBytes);
const code = (name: string) => expect.objectContaining({ name: 'CodecError', code: name });
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('message decoders', () => {
  test('keep their own bytes: many live at once', () => {
    const each = Array.from({ length: 50 }, (_, at) => ({
      decoder: core.messageDecoder(),
      message: { kind: 'refused', reason: `number ${at}` } as Message,
      taken: [] as Message[],
    }));
    const encoded = each.map(({ message }) => core.encodeMessage(message));
    for (let at = 0; at < 25; at++) {
      for (const [index, { decoder, taken }] of each.entries()) {
        taken.push(...decoder.push((encoded[index] as Uint8Array).subarray(at, at + 1)));
      }
    }
    expect(each.map(({ taken }) => taken)).toEqual(
      each.map(({ message }) => (message.kind === 'refused' ? [message] : [])),
    );
  });

  test('keep a copy: the caller may receive into the same memory again', () => {
    const decoder = core.messageDecoder();
    const buffer = Buffer.alloc(20);
    const encoded = core.encodeMessage({ kind: 'started', pid: 77 });
    buffer.set(encoded.subarray(0, 15));
    expect(decoder.push(buffer.subarray(0, 15))).toEqual([]);
    buffer.fill(0xff);
    expect(decoder.push(encoded.subarray(15))).toEqual([{ kind: 'started', pid: 77 }]);
  });

  test('take any number of messages at once, wherever the runs that the core takes are cut', () => {
    const one = core.encodeMessage({ kind: 'refused', reason: 'r'.repeat(500) });
    const count = 600;
    const messages = core.messageDecoder().push(Buffer.concat(Array.from({ length: count }, () => one)));
    expect(messages).toHaveLength(count);
    expect(new Set(messages.map((message) => JSON.stringify(message))).size).toBe(1);
  });

  test('hold on to less than one message', () => {
    // The length is judged with the header: nothing is kept for a message that is too long.
    const decoder = core.messageDecoder();
    expect(decoder.push(hex('58 02 0000 00002000'))).toEqual([]);
    for (let at = 0; at < 8191; at++) expect(decoder.push(Buffer.of(0))).toEqual([]);
    expect(decoder.push(Buffer.concat([Buffer.of(0), core.encodeMessage({ kind: 'continued' })]))).toEqual([
      { kind: 'continued' },
    ]);
    expect(() => core.messageDecoder().push(hex('58 02 0000 00002001'))).toThrow(code('ERR_MESSAGE_TOO_LARGE'));
  });

  test('that have failed stay failed, and leave the others alone', () => {
    const other = core.messageDecoder();
    other.push(hex('53 02'));
    const decoder = core.messageDecoder();
    expect(() => decoder.push(hex('43 02 0000 00000000'))).toThrow(code('ERR_MESSAGE_KIND'));
    expect(() => decoder.push(core.encodeMessage({ kind: 'continued' }))).toThrow(code('ERR_CORE_SEQUENCE'));
    expect(other.push(hex('0000 0000000c 000b 0000 00000004 00000009'))).toEqual([{ kind: 'started', pid: 9 }]);
  });

  test('name the field that an error is about', () => {
    expect(() => core.messageDecoder().push(hex('4e 02 0000 00000000'))).toThrow('a message lacks field 13');
  });
});

describe('a reason', () => {
  const sent = (reason: string) => core.messageDecoder().push(core.encodeMessage({ kind: 'refused', reason }));

  test('that is too long is cut short, between two characters', () => {
    expect(sent('r'.repeat(600))).toEqual([{ kind: 'refused', reason: 'r'.repeat(512) }]);
    expect(sent(`${'r'.repeat(511)}é`)).toEqual([{ kind: 'refused', reason: 'r'.repeat(511) }]);
    expect(sent(`${'r'.repeat(510)}é`)).toEqual([{ kind: 'refused', reason: `${'r'.repeat(510)}é` }]);
    expect(sent('😀'.repeat(200))).toEqual([{ kind: 'refused', reason: '😀'.repeat(128) }]);
    expect(sent(`a${'😀'.repeat(200)}`)).toEqual([{ kind: 'refused', reason: `a${'😀'.repeat(127)}` }]);
  });

  test('has no half characters', () => {
    expect(sent('a\ud83d')).toEqual([{ kind: 'refused', reason: 'a\ufffd' }]);
  });
});

test('numbers that would become other ones are not sent', () => {
  const counts = { pid: 1, running: 0, waiting: 0, spares: 0, calls: 0n, uptimeMs: 0n, idleMs: 0n };
  const reply = { kind: 'reply', ...counts, script: null, stale: null } as const;
  const wrong: Message[] = [
    { kind: 'signal', signal: 2 ** 32 + 1 },
    { kind: 'signal', signal: 1.5 },
    { kind: 'started', pid: Number.NaN },
    { kind: 'ended', status: 2 ** 32 },
    { ...reply, running: 2 ** 32 },
    { ...reply, spares: -1.5 },
    { ...reply, calls: -1n },
    { ...reply, idleMs: -1n },
    { ...reply, uptimeMs: 2n ** 64n },
  ];
  for (const message of wrong) expect(() => core.encodeMessage(message)).toThrow(code('ERR_CORE_ARGUMENT'));
  expect(core.messageDecoder().push(core.encodeMessage({ kind: 'ended', status: -1 }))).toEqual([
    { kind: 'ended', status: 2 ** 32 - 1 },
  ]);
});

test('a header is 8 bytes, and only those are looked at', () => {
  const encoded = core.encodeMessage({ kind: 'control', operation: 'stop' });
  expect(core.messageHeader(encoded.subarray(0, 8))).toEqual({ kind: 'control', bodyBytes: 12, traced: false });
  for (const length of [0, 7, 9, 20]) {
    expect(() => core.messageHeader(encoded.subarray(0, length))).toThrow(code('ERR_CORE_ARGUMENT'));
  }
});
