/** Looking at what waits on a connection, and leaving it there with its descriptors. */
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as native from '../../src/native.js';

const CLOSED = 1_000_000;
let near: number;
let far: number;
let before: number;

const openDescriptors = () => readdirSync('/proc/self/fd').length;
const text = (bytes: Uint8Array, length: number) => Buffer.from(bytes.subarray(0, length)).toString();

beforeEach(() => {
  before = openDescriptors();
  [near, far] = native.socketPair();
});
afterEach(() => {
  for (const fd of [near, far]) if (fd >= 0) native.close(fd);
  expect(openDescriptors()).toBe(before);
});

const hangUp = () => {
  native.close(far);
  far = -1;
};

describe('peek', () => {
  test('nothing yet, something, the end', () => {
    const into = new Uint8Array(8);
    expect(native.peek(near, into)).toBe(-1);
    native.send(far, Buffer.from('hello, world'));
    expect([native.peek(near, into), text(into, 8)]).toEqual([8, 'hello, w']);
    expect([native.peek(near, into), text(into, 8)]).toEqual([8, 'hello, w']);
    hangUp();
    expect(native.peek(near, into)).toBe(8);
    expect(native.receive(near, new Uint8Array(100), 0).bytes).toBe(12);
    expect(native.peek(near, into)).toBe(0);
  });

  test('an end without anything before it', () => {
    native.shutdown(far, 'write');
    expect(native.peek(near, new Uint8Array(8))).toBe(0);
  });

  test('a connection that was reset before all was read is an error', () => {
    native.send(near, Buffer.from('never read'));
    hangUp();
    expect(() => native.peek(near, new Uint8Array(8))).toThrow(/^recv descriptor \d+: .*\(ECONNRESET\)$/);
  });

  test('descriptors stay with their bytes, and none is made by looking', () => {
    const directory = mkdtempSync(join(tmpdir(), 'peek-'));
    const given = openSync(directory, 'r');
    native.send(far, Buffer.from('with descriptors'), [given, given]);
    native.send(far, Buffer.from(' and more'));
    const open = openDescriptors();
    const into = new Uint8Array(100);
    for (let i = 0; i < 50; i++) expect(text(into, native.peek(near, into))).toBe('with descriptors');
    expect(openDescriptors()).toBe(open);
    const received = native.receive(near, into, 4);
    expect(text(into, received.bytes)).toBe('with descriptors');
    expect(received.descriptors.map((fd) => fstatSync(fd).ino)).toEqual(Array(2).fill(fstatSync(given).ino));
    expect(text(into, native.peek(near, into))).toBe(' and more');
    expect(native.receive(near, into, 4).descriptors).toEqual([]);
    for (const fd of [...received.descriptors, given]) closeSync(fd);
    rmSync(directory, { recursive: true });
  });

  test('descriptors that nobody takes go with the connection', () => {
    const [end, given] = native.pipe();
    native.send(far, Buffer.from('x'), [given]);
    native.close(given);
    expect(native.peek(near, new Uint8Array(4))).toBe(1);
    const ended = Int32Array.of(end, native.POLLIN, 0);
    expect(native.poll(ended, 0)).toBe(0);
    native.close(near);
    near = -1;
    // The kernel may let go of what was in a queue a moment later (unix_gc).
    expect(native.poll(ended, 10_000)).toBe(1);
    expect(ended[2]).toBe(native.POLLHUP);
    native.close(end);
  });

  test('what is no socket is an error', () => {
    expect(() => native.peek(CLOSED, new Uint8Array(1))).toThrow(/EBADF/);
    const file = openSync('/dev/null', 'r');
    expect(() => native.peek(file, new Uint8Array(1))).toThrow(/ENOTSOCK/);
    closeSync(file);
  });
});

describe('queued', () => {
  test('all that waits, in however many pieces it came', () => {
    expect(native.queued(near)).toBe(0);
    native.send(far, Buffer.from('hello'), [0]);
    native.send(far, Buffer.from('world'));
    native.send(far, new Uint8Array(100_000));
    expect(native.queued(near)).toBe(100_010);
    native.peek(near, new Uint8Array(100));
    expect(native.queued(near)).toBe(100_010);
    const { bytes, descriptors } = native.receive(near, new Uint8Array(3), 1);
    expect([bytes, native.queued(near), native.queued(far)]).toEqual([3, 100_007, 0]);
    for (const fd of descriptors) native.close(fd);
    hangUp();
    expect(native.queued(near)).toBe(100_007);
  });

  test('of nothing that is open is an error', () => {
    expect(() => native.queued(CLOSED)).toThrow(`ioctl SIOCINQ descriptor ${CLOSED}: Bad file descriptor (EBADF)`);
  });
});
