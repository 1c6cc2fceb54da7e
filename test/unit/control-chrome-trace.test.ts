import { expect, test } from 'vitest';
import { chromeTrace } from '../../src/control/chrome-trace.js';

interface Event {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  args?: { name: string };
}

test('calls become complete events, each on the line of its process', () => {
  const text = chromeTrace([
    { began: 1000, phases: [{ process: 'client', name: 'sends', start: 1.5, duration: 2 }] },
    { began: 2000, phases: [{ process: 'server', name: '(hears)', start: 3, duration: 0.25 }] },
  ]);
  const { traceEvents, displayTimeUnit } = JSON.parse(text) as { traceEvents: Event[]; displayTimeUnit: string };
  expect(displayTimeUnit).toBe('ns');
  const lines = new Map(
    traceEvents.filter(({ name }) => name === 'thread_name').map((each) => [each.tid, each.args?.name]),
  );
  const complete = traceEvents.filter(({ ph }) => ph === 'X');
  expect(complete.map(({ name, ts, dur, tid }) => ({ name, ts, dur, line: lines.get(tid) }))).toEqual([
    { name: 'sends', ts: 1001.5, dur: 2, line: 'client' },
    { name: '(hears)', ts: 2003, dur: 0.25, line: 'to server' },
  ]);
  expect(traceEvents.filter(({ ph }) => ph !== 'X' && ph !== 'M')).toEqual([]);
  expect(new Set(traceEvents.map(({ pid }) => pid)).size).toBe(1);
});

test('no call is a trace as well', () => {
  expect(JSON.parse(chromeTrace([])).traceEvents.every(({ ph }: Event) => ph === 'M')).toBe(true);
});
