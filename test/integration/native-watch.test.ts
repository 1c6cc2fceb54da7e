/** Being told of changes: inotify(7) as the addon gives it. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as native from '../../src/native.js';

const CLOSED = 1_000_000;
/** Set by the kernel for a directory. */
const IN_ISDIR = 0x40000000;
let directory: string;
let file: string;
let watch: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prefork-watch-'));
  file = join(directory, 'file');
  writeFileSync(file, '');
  watch = native.openWatch();
});
afterEach(() => {
  native.close(watch);
  rmSync(directory, { recursive: true });
});

type Event = [number: number, events: number, name: string];

/** What one read gives. */
function read(): Event[] {
  const events: Event[] = [];
  const count = native.readWatch(watch, (...event) => events.push(event));
  expect(count).toBe(events.length);
  return events;
}

test('a read waits for nothing', () => {
  expect(read()).toEqual([]);
  native.addWatch(watch, file, native.IN_MODIFY);
  readFileSync(file);
  expect(read()).toEqual([]);
});

test('events come in their order, of a file and of what is in a directory', () => {
  const ofFile = native.addWatch(watch, file, native.IN_MODIFY | native.IN_CLOSE_WRITE);
  const ofDirectory = native.addWatch(watch, directory, native.IN_ATTRIB | native.IN_ONLYDIR);
  writeFileSync(file, 'text');
  chmodSync(file, 0o600);
  chmodSync(directory, 0o700);
  expect(read()).toEqual([
    [ofFile, native.IN_MODIFY, ''],
    [ofFile, native.IN_CLOSE_WRITE, ''],
    [ofDirectory, native.IN_ATTRIB, 'file'],
    [ofDirectory, native.IN_ATTRIB | IN_ISDIR, ''],
  ]);
  expect(read()).toEqual([]);
});
test('the same inode has the same number, and watches are numbered from 1', () => {
  expect(native.addWatch(watch, file, native.IN_MODIFY)).toBe(1);
  expect(native.addWatch(watch, `${directory}/./file`, native.IN_MODIFY)).toBe(1);
  expect(native.addWatch(watch, directory, native.IN_ATTRIB)).toBe(2);
});

test('more events than fit into one read come with the next', () => {
  const number = native.addWatch(watch, file, native.IN_MODIFY | native.IN_ATTRIB);
  const rounds = 300;
  for (let i = 0; i < rounds; i++) {
    chmodSync(file, 0o600);
    writeFileSync(file, 'text');
  }
  const all: Event[] = [];
  for (let some = read(); some.length > 0; some = read()) all.push(...some);
  expect(all.filter(([, events]) => events === native.IN_ATTRIB)).toEqual(
    Array(rounds).fill([number, native.IN_ATTRIB, '']),
  );
});

test('what is removed is told, and then that its watch is gone', () => {
  const number = native.addWatch(watch, file, native.IN_DELETE_SELF);
  rmSync(file);
  expect(read()).toEqual([
    [number, native.IN_DELETE_SELF, ''],
    [number, native.IN_IGNORED, ''],
  ]);
});

test('an error of whoever is told is his own', () => {
  native.addWatch(watch, file, native.IN_ATTRIB);
  chmodSync(file, 0o600);
  const told = () => {
    throw new RangeError('not this');
  };
  expect(() => native.readWatch(watch, told)).toThrow(new RangeError('not this'));
});

test('errors', () => {
  expect(() => native.addWatch(watch, join(directory, 'missing'), native.IN_MODIFY)).toThrow(
    `inotify_add_watch ${directory}/missing: No such file or directory (ENOENT)`,
  );
  expect(() => native.addWatch(watch, file, native.IN_MODIFY | native.IN_ONLYDIR)).toThrow('(ENOTDIR)');
  expect(() => native.readWatch(CLOSED, () => {})).toThrow(`read descriptor ${CLOSED}: Bad file descriptor (EBADF)`);
});
