/**
 * Many forks while V8 compiles and collects: not one child is lost. `npm run test:nodes` does it a thousand times on
 * each version; here it is as often as there is time for.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { addonEnvironment, buildFacade, node } from '../support/fork-check.js';

const forks = Number(process.env['PREFORK_TEST_FORKS'] ?? 60);
/** A fork, its work and its child's take some 100 ms; a machine that is busy with something else, several times that. */
const MS_PER_FORK = 1500;

/** A server forks often; setup does so once, and still has the threads that Node began with. */
const cases: [string, number][] = [
  ['server', forks],
  ['setup', Math.ceil(forks / 5)],
];

test.each(cases)(
  'forks under load, from a %s: %i',
  async (from, count) => {
    const stress = join(__dirname, '../fixtures/fork/stress.cjs');
    const { stdout } = await promisify(execFile)(node, [stress, buildFacade(), String(count), from], {
      env: { ...process.env, ...addonEnvironment },
      timeout: 60_000 + count * MS_PER_FORK,
      killSignal: 'SIGKILL',
    });
    const { bad, grown } = JSON.parse(stdout);
    expect({ bad, grown }).toEqual({ bad: {}, grown: { descriptors: 0, threads: 0 } });
  },
  90_000 + forks * MS_PER_FORK,
);
