import { expect, test } from 'vitest';
import { Memory } from '../../src/server/memory.js';

function memory(limits: { maxMemoryMb?: number; minAvailableMb?: number }) {
  const use = { own: 50, available: 1000, looks: 0 };
  const source = {
    own: () => use.own,
    available() {
      use.looks += 1;
      return use.available;
    },
  };
  return { use, memory: new Memory({ maxMemoryMb: -1, minAvailableMb: -1, ...limits }, source) };
}

test.each([
  [200, 'enough'],
  [100, 'enough'],
  [99.9, 'short'],
  [50, 'short'],
  [49.6, { retire: 'memory is short: 50 MB are left' }],
  [0, { retire: 'memory is short: 0 MB are left' }],
] as const)('with %d MB available of 100 that are wanted', (available, expected) => {
  const { use, memory: seen } = memory({ minAvailableMb: 100 });
  use.available = available;
  expect(seen.state(0)).toEqual(expected);
});

test('a server that has grown past its limit goes, however much the machine has', () => {
  const { use, memory: seen } = memory({ maxMemoryMb: 50 });
  expect(seen.state(0)).toBe('enough');
  use.own = 50.6;
  expect(seen.state(1000)).toEqual({ retire: 'it has grown to 51 MB, more than maxMemoryMb' });
});

test('without limits nothing is too much', () => {
  const { use, memory: seen } = memory({});
  use.own = 1e6;
  use.available = 0;
  expect(seen.state(0)).toBe('enough');
});

test('it is looked at once a second, and what was short may be enough again', () => {
  const { use, memory: seen } = memory({ minAvailableMb: 100 });
  use.available = 80;
  expect([seen.state(0), seen.state(999)]).toEqual(['short', 'short']);
  use.available = 800;
  expect([seen.state(999.9), seen.state(1000)]).toEqual(['short', 'enough']);
  expect(use.looks).toBe(2);
});
