import type { Phase } from './timeline.js';

const BAR_COLUMNS = 40;
/** The width of a number: a call of up to 100 seconds, with a tenth of a microsecond. */
const NUMBER_COLUMNS = 10;

/** The phases as lines of text; `whole`: what the bars are parts of, and the last line says, in microseconds. */
export function tableOf(phases: readonly Phase[], whole: number): string {
  const width = Math.max(...phases.map(({ name }) => name.length), 'the whole call'.length);
  const line = (process: string, name: string, start: string, duration: string, bar: string) =>
    `${process.padEnd(8)}  ${name.padEnd(width)}  ${start.padStart(NUMBER_COLUMNS)}  ${duration.padStart(NUMBER_COLUMNS)}  ${bar}`.trimEnd();
  const rows = phases.map(({ process, name, start, duration }) =>
    line(process, name, start.toFixed(1), duration.toFixed(1), barOf(start, duration, whole)),
  );
  return [
    line('process', 'phase', 'start, us', 'takes, us', ''),
    ...rows,
    line('', 'the whole call', '0.0', whole.toFixed(1), ''),
    '',
  ].join('\n');
}

/** At least one character, so that it is seen where a short phase lies. */
function barOf(start: number, duration: number, whole: number): string {
  const column = (at: number) => Math.min(Math.max(Math.round((at / whole) * BAR_COLUMNS), 0), BAR_COLUMNS);
  const from = Math.min(column(start), BAR_COLUMNS - 1);
  return ' '.repeat(from) + '#'.repeat(Math.max(column(start + duration) - from, 1));
}
