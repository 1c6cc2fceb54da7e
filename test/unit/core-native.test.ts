/** What only the native face has: words for errors, the prologue of scheme 1, the end by a trap, memory in .bss. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import * as constants from '../../assembly/constants.js';
import { CORE_ERRORS, codecError } from '../../src/core/errors.js';
import { buildNativeHost, runInNative } from '../support/native-host.js';
import { escapeBytes } from '../support/notation.js';
import { ROOT } from '../support/paths.js';
import { coreBytes } from '../support/wasm-host.js';

const HOST = join(ROOT, 'build/core-test/host');

beforeAll(buildNativeHost, 300_000);

test('the core imports nothing', () => {
  // The type of the module is declared without what a program that only instantiates it never needs.
  const module = new WebAssembly.Module(coreBytes);
  const imports = (WebAssembly.Module as unknown as { imports(module: object): object[] }).imports(module);
  expect(imports).toEqual([]);
});

test('every error code has one stable name and one text', () => {
  const codes = Object.entries(constants).filter(([name, code]) => name.startsWith('E_') && code !== constants.E_NONE);
  expect(CORE_ERRORS.map(([code]) => code).sort()).toEqual(codes.map(([, code]) => code).sort());
  expect(new Set(codes.map(([, code]) => code)).size).toBe(codes.length);
  expect(new Set(CORE_ERRORS.map(([, name]) => name)).size).toBe(CORE_ERRORS.length);
});

test('both hosts say the same of an error', () => {
  const subject = Buffer.from('a %s\xff', 'latin1');
  const results = runInNative(
    'host-sanitized',
    CORE_ERRORS.map(([, name]) => `message ${name} ${escapeBytes(Buffer.from('-x'))} 300`),
  );
  const expected = CORE_ERRORS.map(([code]) => {
    const { message } = codecError(code, Buffer.from('-x'));
    return [`length ${message.length}`, `text ${escapeBytes(Buffer.from(message))}`];
  });
  expect(results).toEqual(expected);
  // What it is about is not looked at for a %, and is any bytes.
  const [result] = runInNative('host-sanitized', [`message ERR_OPTION_UNKNOWN ${escapeBytes(subject)} 300`]);
  expect(result?.[1]).toContain(`unknown\\x20option\\x20${escapeBytes(subject)};`);
});

test('an error that does not fit is cut short, and its whole length returned', () => {
  const { message } = codecError(constants.E_OPTION_UNKNOWN, Buffer.from('-x'));
  const sizes = [0, 1, 2, message.length, message.length + 1, message.length + 2];
  const results = runInNative(
    'host-sanitized',
    sizes.map((size) => `message ERR_OPTION_UNKNOWN -x ${size}`),
  );
  expect(results).toEqual(
    sizes.map((size) => [
      `length ${message.length}`,
      `text ${escapeBytes(Buffer.from(message.slice(0, Math.max(size - 1, 0))))}`,
    ]),
  );
});

test('messages_push() takes one message, says how many bytes it was, and ends with an error', () => {
  const started = 'S\\x02\\x00\\x00\\x00\\x00\\x00\\x0c\\x00\\x0b\\x00\\x00\\x00\\x00\\x00\\x04\\x00\\x00\\x00\\x09';
  const [taken, failed] = runInNative('host-sanitized', [
    `push ${started}K\\x02\\x00`,
    `push S\\x01\\x00\\x00\\x00\\x00\\x00\\x00`,
  ]);
  expect(taken).toEqual(['taken 20 code ERR_NONE', 'taken 3 code NEED_DATA']);
  expect(failed).toEqual(['taken 8 code ERR_MESSAGE_VERSION', 'taken 0 code ERR_CORE_SEQUENCE']);
});

test('the prologue of scheme 1 is laid out as the released client lays it out', () => {
  const fields = ['Linux', 'host', '6.1.0', '#1', 'x86_64', '(none)'];
  const [result] = runInNative('host-sanitized', [`prologue ${fields.join(' ')} 65025 1234567 65026 2`]);
  const number = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  const system = Buffer.concat(
    fields.map((field) => Buffer.concat([Buffer.from(field), Buffer.alloc(65 - field.length)])),
  );
  const places = [Buffer.from('.'), number(65025), Buffer.from('i'), number(1234567), Buffer.from('/'), number(65026)];
  const expected = [
    Buffer.from('\x01u'),
    number(390),
    Buffer.from('u'),
    system,
    ...places,
    Buffer.from('i'),
    number(2),
  ];
  expect(result).toEqual([`prologue ${escapeBytes(Buffer.concat(expected))}`]);
});

test('a trap says so and ends the process with 127', () => {
  const { status, stderr } = spawnSync(HOST, { input: 'trap\n', encoding: 'utf8' });
  expect(status).toBe(127);
  expect(stderr).toBe('prefork-interp: defect in the core: access outside its memory; please report it\n');
});

test('the core asks for no memory while it runs: it works where none is left', () => {
  // Data is limited to what the program has before main() plus little; an allocation of the core's 7 MB would fail.
  const { status, stdout } = spawnSync('sh', ['-c', `ulimit -v 40000; exec ${HOST}`], {
    input: 'wait released 0x700\nsha256 abc\n',
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: 'exit 7\n.\nhash ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n.\n',
  });
});

test('a warm call costs microseconds in the core', () => {
  const { status, stdout } = spawnSync(join(ROOT, 'build/core-test/bench'), { encoding: 'utf8' });
  expect(status).toBe(0);
  const [, fastest] = /fastest ([\d.]+) us/.exec(stdout) ?? [];
  expect(Number(fastest)).toBeGreaterThan(0);
  // Ten times what it is on a slow machine: this is to notice a mistake, not a busy machine.
  expect(Number(fastest)).toBeLessThan(100);
});
