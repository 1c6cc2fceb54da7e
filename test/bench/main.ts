/** `npm run bench`: measures, prints, writes, and says what is held. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/paths.js';
import { Absent, type Section } from './case.js';
import { type Idle, idle } from './idle.js';
import { machine } from './machine.js';
import { type Course, type Measured, measure } from './measure.js';
import { type Options, parseOptions, USAGE } from './options.js';
import { clientLibc } from './programs.js';
import { idleTable, milliseconds, sectionTable, verdictTable } from './report.js';
import { callers, steady } from './sections/callers.js';
import { calls } from './sections/calls.js';
import { GROWTH } from './sections/growth.js';
import { chart } from './svg.js';
import { judge } from './verdict.js';

const USAGE_STATUS = 2;
const absent = new Absent();
const SECTIONS: readonly Section[] = [calls(absent), ...GROWTH, callers(absent), steady];
const say = (text: string) => process.stdout.write(text);

export async function main(words: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(words);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${USAGE}`);
    return USAGE_STATUS;
  }
  if (options.help) say(USAGE);
  else if (options.list) say(`${[...SECTIONS.map(({ name }) => name), 'idle'].join('\n')}\n`);
  else return bench(options);
  return 0;
}

async function bench(options: Options): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
  }
  try {
    return await run(options, interrupted.signal);
  } catch (error) {
    const { message } = (interrupted.signal.aborted ? interrupted.signal.reason : error) as Error;
    process.stderr.write(`bench: ${message}\n`);
    return 1;
  }
}

async function run({ quick, rounds, only, out, json, check }: Options, signal: AbortSignal): Promise<number> {
  const wanted = (...names: string[]) => only.length === 0 || names.some((name) => only.includes(name));
  const course: Course = { quick, ...(rounds && { rounds }), wanted, signal, progress };
  const about = machine();
  say(
    `${about.processors} processors (${about.model}), Linux ${about.kernel}, Node ${about.node}, client with ${about.clientLibc}, load ${about.load.toFixed(1)}. Milliseconds from spawn to reaped.\n`,
  );
  const measured: Measured[] = [];
  for (const section of SECTIONS) {
    const found = await measure(section, course);
    if (found.length > 0) say(`\n${sectionTable(section.title, found)}`);
    measured.push(...found);
  }
  const idling: { idle?: Idle } = wanted('idle') ? { idle: await idle(course) } : {};
  if (idling.idle) say(`\n${idleTable(idling.idle)}`);
  progress('');
  if (measured.length === 0 && !idling.idle) throw new Error(`nothing is called ${only.join(' or ')}`);

  const limits = judge({ measured, ...idling, libc: clientLibc() });
  say(`\n${verdictTable(limits)}`);
  if (absent.names.length > 0) say(`\nAbsent: ${absent.names.join('; ')}.\n`);
  const folder = out ?? join(ROOT, 'build/bench');
  const figures = `${JSON.stringify({ machine: about, quick, absent: absent.names, measured, ...idling, limits }, null, 2)}\n`;
  mkdirSync(folder, { recursive: true });
  for (const file of [join(folder, 'bench.json'), ...(json ? [json] : [])]) writeFileSync(file, figures);
  const bars = measured
    .filter(({ section, mode }) => section === 'calls' && mode === 'rested')
    .map(({ title, name, times }) => ({
      title,
      ...times,
      ours: /^(node|demo)-(warm|first)$|^client-alone$|^help$|-ours$/.test(name),
    }));
  const title = 'From spawn to reaped, with 20 ms of rest between calls (median; line: p10 to p90)';
  if (bars.length > 0) {
    writeFileSync(
      join(folder, 'chart.svg'),
      chart(title, bars, (ns) => `${milliseconds(ns)} ms`),
    );
  }
  say(`\nWritten to ${folder}.\n`);
  return check && limits.some(({ held }) => held === false) ? 1 : 0;
}

/** One line on a terminal that is written over; nothing elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
