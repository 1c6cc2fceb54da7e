/** The bench's arithmetic: statistics, the order of a round, what the runner says, and the limits. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Limit } from '../bench/limits.js';
import { LIMITS } from '../bench/limits.js';
import type { Measured } from '../bench/measure.js';
import { inTurns } from '../bench/order.js';
import { parseBatch } from '../bench/runner.js';
import { quantile, summarise } from '../bench/statistics.js';
import { judge } from '../bench/verdict.js';

describe('statistics', () => {
  test('quantiles lie linearly between the two nearest values', () => {
    expect([0, 0.25, 0.5, 0.9, 1].map((share) => quantile([10, 20, 30, 40, 50], share))).toEqual([10, 20, 30, 46, 50]);
    expect(quantile([1, 2], 0.5)).toBe(1.5);
    expect(quantile([7], 0.99)).toBe(7);
    expect(() => quantile([], 0.5)).toThrow('no values');
  });

  test('a summary sorts by number, and leaves the values as they are', () => {
    const values = [100, 9, 20];
    expect(summarise(values)).toMatchObject({ count: 3, median: 20, most: 100 });
    expect(values).toEqual([100, 9, 20]);
  });

  test('of any values the summary is in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 1 }), (values) => {
        const { p10, median, p90, p99, most } = summarise(values);
        const found = [Math.min(...values), p10, median, p90, p99, most];
        expect(found).toEqual([...found].sort((a, b) => a - b));
      }),
    );
  });
});

describe('the order of a round', () => {
  test('begins one case further on, every other one backwards', () => {
    expect([0, 1, 2, 3].map((round) => inTurns(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'acb', 'cab', 'cba']);
  });

  test('has every case once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat()), fc.nat(), (cases, round) => {
        expect(inTurns(cases, round).sort()).toEqual([...cases].sort());
      }),
    );
  });
});

describe('what the runner says', () => {
  test('is status, output and times', () => {
    // The output looks like the lines around it: only its length says where it ends.
    const batch = parseBatch(Buffer.from('256 6 9000\n1 2\n3\n4000 5000\n'));
    expect(batch).toMatchObject({ status: 256, elapsedNs: 9000, calls: 2, timesNs: [4000, 5000] });
    const said = (text: string) => parseBatch(Buffer.from(text)).output;
    expect(said('256 6 9000\n1 2\n3\n7000 8000\n')).toBe(batch.output);
    expect(said('256 6 9000\n1 2\n4\n4000 5000\n')).not.toBe(batch.output);
  });

  test.each(['', '0 0\n1\n', '0 0 1\n\n', '0 0 1\n1 x\n'])('%j is an error', (text) => {
    expect(() => parseBatch(Buffer.from(text))).toThrow();
  });
});

function measured(name: string, median: number, more: Partial<Measured> = {}): Measured {
  const times = { count: 1, median, p10: median, p90: median, p99: 3 * median, most: 4 * median };
  return { section: 's', name, title: name, mode: 'rested', callers: 1, callsPerSecond: 1000 / median, times, ...more };
}

const verdictOf = (is: Limit['is'], results: Parameters<typeof judge>[0]) =>
  judge(results, [{ what: 'it', atMost: 2, is }])[0];

describe('a limit', () => {
  const libc = 'musl';
  const medians = { of: 'medians', over: 'a', under: 'b' } as const;

  test('is on the ratio in the mode where it is worse', () => {
    const quick = { mode: 'back to back' } as const;
    const all = [measured('a', 10), measured('b', 5), measured('a', 9, quick), measured('b', 3, quick)];
    expect(verdictOf(medians, { measured: all, libc })).toMatchObject({ value: 3, held: false });
    expect(verdictOf(medians, { measured: all.slice(0, 2), libc })).toMatchObject({ value: 2, held: true });
  });

  test('says nothing where one of the two was not measured', () => {
    expect(verdictOf(medians, { measured: [measured('a', 10)], libc })).toEqual({ what: 'it', atMost: 2 });
  });

  test('that is for musl says nothing elsewhere', () => {
    const both = [measured('a', 1), measured('b', 1)];
    expect(verdictOf({ ...medians, musl: true }, { measured: both, libc: 'glibc-static' })).not.toHaveProperty('held');
    expect(verdictOf({ ...medians, musl: true }, { measured: both, libc })).toHaveProperty('held', true);
  });

  test('can be on the slowest calls, and on calls per second', () => {
    const all = [measured('a', 10), measured('b', 40)];
    expect(verdictOf({ of: 'tail', name: 'a' }, { measured: all, libc })).toMatchObject({ value: 3, held: false });
    expect(verdictOf({ ...medians, of: 'throughput' }, { measured: all, libc })).toMatchObject({ value: 4 });
  });

  test('can be on what idle processes do: the largest', () => {
    const one = { cpuMs: 0, pssKb: 0, privateKb: 0 };
    const processes = [
      { ...one, what: 'server' as const, wakeUps: 1 },
      { ...one, what: 'watcher' as const, wakeUps: 5 },
    ];
    const of = (...what: ('server' | 'spare' | 'watcher')[]) =>
      verdictOf({ of: 'idle', what, figure: 'wakeUps' }, { measured: [], libc, idle: { seconds: 1, processes } });
    expect(of('server', 'watcher')).toMatchObject({ value: 5, held: false });
    expect(of('server')).toMatchObject({ value: 1, held: true });
    expect(of('spare')).not.toHaveProperty('held');
  });

  test('has a text of its own', () => {
    expect(new Set(LIMITS.map(({ what }) => what)).size).toBe(LIMITS.length);
  });
});
