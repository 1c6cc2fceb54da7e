import { expect, test } from 'vitest';
import { isRoomForSpares, memoryLeft, memoryTakenBy } from '../../src/server/memory-use.js';

const MB = 2 ** 20;

test.each([
  ['the first, whatever it takes', 1, 500 * MB, 100 * MB, true],
  ['a second one that fits', 2, MB, 100 * MB, true],
  ['a second one that does not', 2, 10 * MB, 100 * MB, false],
  ['eight small ones', 8, MB, 1000 * MB, true],
  ['eight large ones', 8, 40 * MB, 1000 * MB, false],
  ['some of which nobody knows what they take', 8, 0, 100 * MB, true],
])('room for spares: %s', (_, count, cost, left, room) => {
  expect(isRoomForSpares(count, cost, left)).toBe(room);
});

test('what is left, and what a process takes, are of a plausible size', () => {
  expect(memoryLeft()).toBeGreaterThan(MB);
  expect(memoryTakenBy(process.pid)).toBeGreaterThan(10 * MB);
  expect(memoryTakenBy(process.pid)).toBeLessThan(process.memoryUsage().rss * 2);
});

test('a process that there is not takes nothing that is known', () => {
  expect(memoryTakenBy(2 ** 22 + 1)).toBeUndefined();
});
