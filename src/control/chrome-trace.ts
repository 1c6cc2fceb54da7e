import { isNews, type Phase, type Process } from './timeline.js';

/** One call, as it is to be shown among others. */
export interface TracedCall {
  readonly phases: readonly Phase[];
  /** When it began, in microseconds of CLOCK_MONOTONIC. */
  readonly began: number;
}

/** In which order the lines are shown. */
const PROCESSES: readonly Process[] = ['caller', 'client', 'server', 'executor'];
const PROCESS = 1;

/**
 * Calls in the Trace Event Format (its JSON object form: complete events, ph X, times in microseconds), which chrome://tracing and ui.perfetto.dev read. All calls
 * are on one time axis. Each kind of process has a line, and one for what is on its way to it meanwhile: events of one line must not overlap.
 */
export function chromeTrace(calls: readonly TracedCall[]): string {
  const lines = PROCESSES.flatMap((name) => [name, `to ${name}`]);
  const names = lines.map((name, line) => ({
    name: 'thread_name',
    ph: 'M',
    pid: PROCESS,
    tid: line + 1,
    args: { name },
  }));
  const whole = { name: 'process_name', ph: 'M', pid: PROCESS, tid: 0, args: { name: 'prefork-interp' } };
  const events = calls.flatMap(({ phases, began }) =>
    phases.map(({ process, name, start, duration }) => ({
      name,
      cat: process,
      ph: 'X',
      ts: began + start,
      dur: duration,
      pid: PROCESS,
      tid: lines.indexOf(isNews(name) ? `to ${process}` : process) + 1,
    })),
  );
  return `${JSON.stringify({ traceEvents: [whole, ...names, ...events], displayTimeUnit: 'ns' })}\n`;
}
