import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LastUse } from '../../src/server/last-use.js';

const HOUR_MS = 3_600_000;
let directory: string;
let lock: string;
let now: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prefork-last-use-'));
  lock = join(directory, 'lident');
  writeFileSync(lock, '');
  utimesSync(lock, 1_000, 1_000);
  now = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

const old = () => statSync(lock).mtimeMs === 1_000_000;

it('is noted at the first call after an hour, and once an hour from then on', () => {
  const use = new LastUse(join(directory, 'sident'), () => now);
  now = HOUR_MS - 1;
  use.note();
  expect(old()).toBe(true);
  now = HOUR_MS;
  use.note();
  expect(old()).toBe(false);
  utimesSync(lock, 1_000, 1_000);
  now = 2 * HOUR_MS - 1;
  use.note();
  expect(old()).toBe(true);
  now = 2 * HOUR_MS;
  use.note();
  expect(old()).toBe(false);
});

it.each(['', '/tmp/other'])('has no place for a socket named %j', (path) => {
  const use = new LastUse(path, () => now);
  now = 2 * HOUR_MS;
  expect(() => use.note()).not.toThrow();
});

it('makes no lock file where there is none any more', () => {
  rmSync(lock);
  const use = new LastUse(join(directory, 'sident'), () => now);
  now = 2 * HOUR_MS;
  use.note();
  expect(existsSync(lock)).toBe(false);
});
