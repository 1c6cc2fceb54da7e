/** Runs everything, in turns, and holds all output against that of the plain run. */
import { setImmediate as otherEvents } from 'node:timers/promises';
import { TOOL } from './project.mjs';

/** Warm calls are many times shorter than the others, so more of them fit into the same time. */
const WARM_CALLS_PER_ROUND = 5;

/** The outline of one file, with the command that gives it. */
export function show(sandbox, file) {
  const { output } = sandbox.runThroughClient([file]);
  return `$ prefork-interp -U,node ${TOOL} ${file}\n${output}\n`;
}

/**
 * For each job the times, in milliseconds, of all plain runs, first calls, warm calls, and runs of a program that does
 * nothing. Taken in turns, so that whatever else the machine does falls on all of them alike.
 */
export async function measure(sandbox, jobs, rounds, interrupted) {
  const results = jobs.map(({ title, files }) => ({ title, files, plain: [], first: [], warm: [], nothing: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const result of results) await measureOnce(sandbox, result, interrupted);
  }
  return results;
}

async function measureOnce(sandbox, result, interrupted) {
  const { files } = result;
  result.expected ??= sandbox.runPlainly(files);
  const timed = async (times, run, expected) => {
    const outcome = run();
    // A signal that came while the program ran is heard only now.
    await otherEvents();
    interrupted.throwIfAborted();
    if (expected) checkSame(outcome, expected, result.title);
    times.push(outcome.milliseconds);
  };

  await timed(result.nothing, () => sandbox.runNothing());
  await timed(result.plain, () => sandbox.runPlainly(files), result.expected);
  await sandbox.stopServer();
  await timed(result.first, () => sandbox.runThroughClient(files), result.expected);
  const server = sandbox.server();
  for (let call = 0; call < WARM_CALLS_PER_ROUND; call += 1) {
    await timed(result.warm, () => sandbox.runThroughClient(files), result.expected);
  }
  if (server === '' || sandbox.server() !== server) {
    throw new Error('the calls after the first were not warm: they did not find the server that it had left');
  }
}

function checkSame(outcome, expected, title) {
  for (const stream of ['output', 'errors']) {
    if (outcome[stream].equals(expected[stream])) continue;
    throw new Error(`${title}: ${firstDifference(String(outcome[stream]), String(expected[stream]))}`);
  }
}

function firstDifference(got, wanted) {
  const [gotLines, wantedLines] = [got.split('\n'), wanted.split('\n')];
  const at = gotLines.findIndex((line, index) => line !== wantedLines[index]);
  const line = at < 0 ? gotLines.length : at;
  const quote = (lines) => (lines[line] === undefined ? 'nothing' : JSON.stringify(lines[line]));
  return `line ${line + 1} is ${quote(gotLines)}, where the first plain run printed ${quote(wantedLines)}`;
}
