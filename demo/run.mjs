/**
 * `npm run demo`: times the outline tool on this project's own sources, run plainly, as a first call and as warm calls.
 *
 * Everything happens in a run directory of its own below the temporary directory. At the end, also of a failed or interrupted
 * demo, the directory is gone and so is every process that used it.
 */
import process from 'node:process';
import { measure, show } from './run/measure.mjs';
import { checkBuilt, sourceFiles } from './run/project.mjs';
import { asTable, describe, summary } from './run/report.mjs';
import { Sandbox } from './run/sandbox.mjs';

const USAGE = 'usage: node demo/run.mjs [--rounds N]';
const DEFAULT_ROUNDS = 5;
/** The file whose outline is shown, and which stands for small work. */
const ONE_FILE = 'src/server/server.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(words) {
  const rounds = words.length === 0 ? DEFAULT_ROUNDS : words[0] === '--rounds' ? Number(words[1]) : Number.NaN;
  if (!Number.isInteger(rounds) || rounds < 1) return complain(USAGE, 2);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
  }
  try {
    checkBuilt();
    const sandbox = new Sandbox();
    try {
      await demonstrate(sandbox, rounds, interrupted.signal);
    } finally {
      await sandbox.remove();
    }
  } catch (error) {
    return complain(`demo: ${error.message}`, 1);
  }
  process.stdout.write('Its server has been told to go, and nothing is left running.\n');
  return 0;
}

async function demonstrate(sandbox, rounds, interrupted) {
  const all = sourceFiles();
  const jobs = [
    { title: `one file (${ONE_FILE})`, files: [ONE_FILE] },
    { title: `all ${all.length} source files of this project`, files: all },
  ];
  process.stdout.write(describe());
  process.stdout.write(show(sandbox, ONE_FILE));
  const results = await measure(sandbox, jobs, rounds, interrupted);
  process.stdout.write(asTable(results));
  process.stdout.write(summary(results));
}

function complain(message, status) {
  process.stderr.write(`${message}\n`);
  return status;
}
