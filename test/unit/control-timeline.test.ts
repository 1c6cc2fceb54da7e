import { expect, test } from 'vitest';
import * as m from '../../assembly/constants.js';
import { median, medianPhases } from '../../src/control/median.js';
import { readReport } from '../../src/control/moments.js';
import { tableOf } from '../../src/control/table.js';
import { MOMENT_CALLED, MOMENT_REAPED, type Phase, phasesOf, wholeOf } from '../../src/control/timeline.js';

/** A warm call whose every moment is a microsecond behind the one before. */
const ORDER = [
  MOMENT_CALLED,
  m.MOMENT_CLIENT_BEGAN,
  m.MOMENT_CLIENT_IDENTIFIED,
  m.MOMENT_CLIENT_CONNECTED,
  m.MOMENT_CLIENT_SENT,
  m.MOMENT_SERVER_ACCEPTED,
  m.MOMENT_SERVER_HEARD,
  m.MOMENT_SERVER_JUDGED,
  m.MOMENT_SERVER_HANDED_OVER,
  m.MOMENT_EXECUTOR_CONNECTED,
  m.MOMENT_EXECUTOR_RECEIVED,
  m.MOMENT_EXECUTOR_READY,
  m.MOMENT_EXECUTOR_TOLD,
  m.MOMENT_CLIENT_STARTED,
  m.MOMENT_EXECUTOR_SCRIPT,
  m.MOMENT_EXECUTOR_ENDED,
  m.MOMENT_SERVER_ENDED,
  m.MOMENT_SERVER_TELLS,
  m.MOMENT_CLIENT_ENDED,
  MOMENT_REAPED,
];
const ORIGIN = 5_000_000_000_000_000n;
const warm = (without: readonly number[] = []) =>
  new Map(
    ORDER.map((moment, at) => [moment, ORIGIN + BigInt(at) * 1000n] as const).filter(([at]) => !without.includes(at)),
  );
const find = (phases: readonly Phase[], process: string, name: string) =>
  phases.find((phase) => phase.process === process && phase.name === name);

test('a warm call: every phase lies where its moments are', () => {
  const phases = phasesOf(warm());
  expect(phases[0]).toEqual({ process: 'caller', name: 'starts the client', start: 0, duration: 1 });
  expect(find(phases, 'client', 'sends the call')).toMatchObject({ start: 3, duration: 1 });
  expect(find(phases, 'client', 'waits for the beginning')).toMatchObject({ start: 4, duration: 9 });
  expect(find(phases, 'server', '(wakes up)')).toMatchObject({ start: 3, duration: 2 });
  expect(find(phases, 'server', 'hands it to a spare')).toMatchObject({ start: 7, duration: 1 });
  expect(find(phases, 'executor', 'runs the script')).toMatchObject({ start: 14, duration: 1 });
  expect(find(phases, 'client', 'waits for the end')).toMatchObject({ start: 13, duration: 5 });
  expect(phases.at(-1)).toEqual({ process: 'caller', name: 'sees the client end', start: 18, duration: 1 });
  expect(find(phases, 'server', 'forks an executor')).toBeUndefined();
  expect(find(phases, 'client', 'has the server started')).toBeUndefined();
  expect(wholeOf(warm())).toBe(19);
});

test('phases are in the order of their beginnings, and none lies outside of the call', () => {
  const phases = phasesOf(warm());
  const starts = phases.map(({ start }) => start);
  expect(starts).toEqual([...starts].sort((one, other) => one - other));
  for (const { start, duration } of phases) {
    expect(start).toBeGreaterThanOrEqual(0);
    expect(duration).toBeGreaterThanOrEqual(0);
    expect(start + duration).toBeLessThanOrEqual(19);
  }
});

test('an executor that tells nothing of its end: the script lasts until the server has heard of it', () => {
  const phases = phasesOf(warm([m.MOMENT_EXECUTOR_ENDED]));
  expect(find(phases, 'executor', 'runs the script')).toMatchObject({ start: 14, duration: 2 });
  expect(find(phases, 'server', '(hears of the end)')).toBeUndefined();
});

test('a server that tells nothing: what is left is the client', () => {
  const phases = phasesOf(warm(ORDER.filter((moment) => moment >= 16)));
  expect(phases.map(({ process, name }) => `${process}: ${name}`)).toEqual([
    'caller: starts the client',
    'client: finds out which server',
    'client: connects',
    'client: sends the call',
    'client: waits for the beginning',
    'client: waits for the end',
    'caller: sees the client end',
  ]);
});

test('version 1 has no beginning: the wait for the end is all the wait', () => {
  const own = warm(ORDER.filter((moment) => moment >= 16 || moment === m.MOMENT_CLIENT_STARTED));
  expect(find(phasesOf(own), 'client', 'waits for the end')).toMatchObject({ start: 4, duration: 14 });
});

test('whoever was woken may be ahead: then there was no wait', () => {
  const moments = warm().set(m.MOMENT_SERVER_ACCEPTED, ORIGIN + 2500n);
  expect(find(phasesOf(moments), 'server', '(wakes up)')).toMatchObject({ start: 2.5, duration: 0 });
});

test('nothing but a beginning is no phase', () => {
  expect(phasesOf(new Map([[MOMENT_CALLED, 1n]]))).toEqual([]);
  expect(wholeOf(new Map([[MOMENT_CALLED, 1n]]))).toBeUndefined();
  expect(() => phasesOf(new Map())).toThrow('a timeline needs its beginning');
});

test('a report has the moments, and how the call was run', () => {
  expect(readReport('moment 1 28888087496187\nmoment 37 18446744073709551615\nv2\n')).toEqual({
    moments: new Map([
      [1, 28888087496187n],
      [37, 18446744073709551615n],
    ]),
    how: 'v2',
    why: '',
  });
  expect(readReport('')).toEqual({ moments: new Map(), how: undefined, why: '' });
  expect(readReport('direct no answer\nfailed cannot execute x: y\n')).toMatchObject({
    how: 'failed',
    why: 'cannot execute x: y',
  });
});

test('a report passes over what it does not know', () => {
  const lines = ['moment', 'moment 1', 'moment x 2', 'moment 64 2', 'moment 2 3', 'moment -1 3', 'moment 1 2e3', 'v3'];
  expect(readReport(lines.join('\n'))).toEqual({ moments: new Map([[2, 3n]]), how: undefined, why: '' });
});

test.each([
  [[3], 3],
  [[3, 1], 2],
  [[9, 1, 5], 5],
  [[4, 1, 100, 2], 3],
])('the median of %j is %d', (values, expected) => expect(median(values)).toBe(expected));

test('the timeline of several calls has the median of each phase, and no phase that few of them have', () => {
  const phase = (name: string, start: number, duration: number): Phase => ({
    process: 'client',
    name,
    start,
    duration,
  });
  const calls = [
    [phase('starts', 0, 100), phase('sends', 100, 7)],
    [phase('sends', 10, 5)],
    [phase('sends', 12, 6), phase('waits', 30, 1)],
    [phase('sends', 14, 8), phase('waits', 20, 3)],
  ];
  expect(medianPhases(calls)).toEqual([phase('sends', 13, 6.5), phase('waits', 25, 2)]);
});

test('a table has a line for each phase, with a bar where it lies', () => {
  const phases: Phase[] = [
    { process: 'client', name: 'sends', start: 0, duration: 25 },
    { process: 'executor', name: 'runs the script', start: 25, duration: 74.96 },
    { process: 'caller', name: 'ends', start: 100, duration: 0 },
  ];
  expect(tableOf(phases, 100).split('\n')).toEqual([
    'process   phase             start, us   takes, us',
    `client    sends                   0.0        25.0  ${'#'.repeat(10)}`,
    `executor  runs the script        25.0        75.0  ${' '.repeat(10)}${'#'.repeat(30)}`,
    `caller    ends                  100.0         0.0  ${' '.repeat(39)}#`,
    '          the whole call          0.0       100.0',
    '',
  ]);
});
