/** What the bench prints. */
import type { Idle } from './idle.js';
import type { Measured } from './measure.js';
import type { Verdict } from './verdict.js';

/** Nanoseconds as milliseconds, with three digits that count. */
export function milliseconds(ns: number): string {
  const value = ns / 1e6;
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/** A number with three digits that count, or all of a large one. */
export function short(value: number): string {
  return value === 0 || Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

type Row = readonly string[];

/** The first column to the left, the others to the right. */
export function columns(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  const line = (row: Row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** Ratios are to the section's first case, in the same mode. */
export function sectionTable(title: string, measured: readonly Measured[]): string {
  const rows = measured.map((one) => {
    const base = measured.find(({ mode }) => mode === one.mode) as Measured;
    const { median, p10, p90, p99, count } = one.times;
    const times = [median, p10, p90, p99].map(milliseconds);
    const rate = one.mode === 'rested' ? '' : short(one.callsPerSecond);
    return [one.title, one.mode, ...times, short(median / base.times.median), rate, String(count)];
  });
  return columns([[title, '', 'median', 'p10', 'p90', 'p99', 'ratio', 'per second', 'calls'], ...rows]);
}

export function idleTable({ seconds, processes }: Idle): string {
  const rows = processes.map(({ what, wakeUps, cpuMs, pssKb, privateKb }) =>
    [what, wakeUps, cpuMs, pssKb, privateKb].map(String),
  );
  return columns([[`Idle for ${seconds} s`, 'wake-ups', 'CPU ms', 'PSS kB', 'private kB'], ...rows]);
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ what, atMost, value, held }) => [
    what,
    value === undefined ? '' : short(value),
    String(atMost),
    held === undefined ? 'not measured' : held ? 'held' : 'MISSED',
  ]);
  return columns([['Limits', 'measured', 'at most', ''], ...rows]);
}
