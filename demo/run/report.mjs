/** What the demo prints besides the outline. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { PROJECT } from './project.mjs';

const ROWS = [
  ['plain', 'node demo/outline.mjs'],
  ['first', 'first call (starts the server)'],
  ['warm', 'warm call'],
  ['nothing', 'true(1), for scale'],
];

const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[1m${text}\x1b[22m` : text);

export function describe() {
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'node_modules/typescript/package.json'), 'utf8'));
  return (
    `${bold('An outline of TypeScript files')}, by a tool that loads the whole TypeScript compiler ` +
    `(${version}, Node ${process.versions.node}).\n\n`
  );
}

/** A block per job: medians, the range from the 10th to the 90th percentile, and the ratio to the plain run. */
export function asTable(results) {
  const blocks = results.map((result) => {
    const plain = quantile(result.plain, 0.5);
    const rows = ROWS.map(([kind, label]) => {
      const times = result[kind];
      const median = quantile(times, 0.5);
      const range = `${number(quantile(times, 0.1))} .. ${number(quantile(times, 0.9))}`;
      return row([label, times.length, number(median), range, ratio(median / plain)]);
    });
    return [bold(result.title), row(['', 'runs', 'median', '10% .. 90%', '/ plain']), ...rows].join('\n');
  });
  return `${blocks.join('\n\n')}\n\n`;
}

export function summary(results) {
  const compared = results.reduce((sum, { plain, first, warm }) => sum + plain.length + first.length + warm.length, 0);
  return (
    'Milliseconds from before the program was started until it had ended and its output was read.\n' +
    `All ${compared} outputs were the same as the plain run's, byte for byte, with exit status 0.\n`
  );
}

function row([label, ...cells]) {
  const [runs, median, range, share] = cells.map(String);
  return `  ${label.padEnd(32)}${runs.padStart(5)}${median.padStart(9)}${range.padStart(18)}${share.padStart(10)}`;
}

/** Linear between the two nearest of the sorted times. */
function quantile(times, share) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}

function number(milliseconds) {
  return milliseconds >= 100 ? milliseconds.toFixed(0) : milliseconds.toFixed(1);
}

function ratio(value) {
  return value >= 0.1 ? value.toFixed(2) : value.toFixed(3);
}
