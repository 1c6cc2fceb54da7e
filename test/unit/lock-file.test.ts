import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lockFileOf, writeServer } from '../../src/server/lock-file.js';

it.each([
  ['/run/sident', '/run/lident'],
  ['/run/s2.ident', '/run/l2.ident'],
  ['/run/s/s', '/run/s/l'],
  ['/run/other', undefined],
  ['', undefined],
])('of the socket %j it is %j', (socket, lock) => {
  expect(lockFileOf(socket)).toBe(lock);
});

it('holds the number that was written last, and is not made where it is not', () => {
  const directory = mkdtempSync(join(tmpdir(), 'prefork-lock-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const lock = join(directory, 'l');
  writeServer(lock, 1);
  expect(existsSync(lock)).toBe(false);
  writeFileSync(lock, '1234567\n');
  writeServer(lock, 89);
  expect(readFileSync(lock, 'utf8')).toBe('89\n');
});
