/** What the bench shows: tables, the chart, and its options. */
import { describe, expect, test } from 'vitest';
import type { Measured } from '../bench/measure.js';
import { parseOptions } from '../bench/options.js';
import { columns, milliseconds, sectionTable, short, verdictTable } from '../bench/report.js';
import { type Bar, chart, decades } from '../bench/svg.js';

test.each([
  [123_456, '0.123'],
  [1_234_567, '1.23'],
  [12_345_678, '12.3'],
  [1_234_567_890, '1235'],
])('%i ns are %s ms', (ns, text) => expect(milliseconds(ns)).toBe(text));

test.each([
  [0, '0'],
  [0.01234, '0.0123'],
  [12.345, '12.3'],
  [1234.5, '1235'],
])('%d is shown as %s', (value, text) => expect(short(value)).toBe(text));

test('columns are as wide as their widest cell, the first to the left', () => {
  expect(
    columns([
      ['a', 'bb', ''],
      ['ccc', 'd', ''],
    ]),
  ).toBe('a    bb\nccc   d\n');
});

describe('tables', () => {
  const of = (name: string, median: number, mode: Measured['mode']): Measured => {
    const times = { count: 3, median, p10: median, p90: median, p99: median, most: median };
    return { section: 's', name, title: name, mode, callers: 1, callsPerSecond: 5, times };
  };

  test('ratios are to the first case in the same mode', () => {
    const all = [
      of('a', 1e6, 'back to back'),
      of('a', 4e6, 'rested'),
      of('b', 3e6, 'back to back'),
      of('b', 6e6, 'rested'),
    ];
    const rows = sectionTable('Title', all).split('\n');
    expect(rows[3]).toMatch(/^b +back to back +3.00 .* 3.00 +5.00 +3$/);
    expect(rows[4]).toMatch(/^b +rested +6.00 .* 1.50 +3$/);
  });

  test('a verdict is held, missed or not measured', () => {
    const text = verdictTable([
      { what: 'a', atMost: 2, value: 1, held: true },
      { what: 'b', atMost: 2, value: 3, held: false },
      { what: 'c', atMost: 2 },
    ]);
    expect(text).toMatch(/^a +1.00 +2 +held\nb +3.00 +2 +MISSED\nc +2 +not measured$/m);
  });
});

describe('the chart', () => {
  const bar = (title: string, median: number, ours = false): Bar => ({
    title,
    median,
    p10: median / 2,
    p90: median * 2,
    ours,
  });
  const label = (ns: number) => `${ns} ns`;
  const widths = (svg: string) => [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map((found) => Number(found[1]));

  test('has the decades in which all values lie', () => {
    expect(decades([bar('a', 3e5), bar('b', 2e8)])).toEqual([-1, 0, 1, 2, 3]);
    // One value that is a power of ten has an axis, too.
    expect(decades([{ title: 'a', median: 1e6, p10: 1e6, p90: 1e6, ours: true }])).toEqual([0, 1]);
  });

  test('has equal steps for equal factors', () => {
    const [first, second, third] = widths(chart('t', [bar('a', 1e6), bar('b', 1e7), bar('c', 1e8)], label)) as [
      number,
      number,
      number,
    ];
    expect(second - first).toBeGreaterThan(50);
    expect(third - second).toBeCloseTo(second - first, 0);
  });

  test('marks ours, labels each, and escapes what is text', () => {
    const svg = chart('<title>', [bar('a & b', 1e6, true), bar('"c"', 2e6)], label);
    expect(svg).toContain('&lt;title&gt;');
    expect(svg).toContain('>a &amp; b</text>');
    expect(svg).toContain('>&quot;c&quot;</text>');
    expect(svg).toContain('>2000000 ns</text>');
    expect(svg.match(/<rect class="(ours|theirs)"/g)).toEqual(['<rect class="ours"', '<rect class="theirs"']);
  });

  test('of nothing is an error', () => expect(() => chart('t', [], label)).toThrow('no bars'));
});

describe('options', () => {
  test('are off by default', () => {
    expect(parseOptions([])).toEqual({ quick: false, only: [], check: false, list: false, help: false });
  });

  test('--only may be given several times', () => {
    expect(parseOptions(['--only', 'a', '--quick', '--only=b']).only).toEqual(['a', 'b']);
  });

  test('--rounds is a number', () => {
    expect(parseOptions(['--rounds', '12']).rounds).toBe(12);
  });

  test.each(['--unknown', 'word', '--json', '--rounds=0', '--rounds=x', '--rounds='])('%s is an error', (word) => {
    expect(() => parseOptions([word])).toThrow(TypeError);
  });
});
