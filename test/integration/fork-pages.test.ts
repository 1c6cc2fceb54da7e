/** V8 marks what it maps as not to be inherited by a fork. Once this process is to be forked, no mark is left, and none comes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { addonEnvironment, buildFacade, node } from '../support/fork-check.js';

/** How many mappings are marked: `dc` among the flags in proc_pid_smaps(5). */
const SOURCE = `
  const { readFileSync } = require('node:fs');
  const native = require(process.argv[1]);
  const marked = () => readFileSync('/proc/self/smaps', 'latin1').match(/^VmFlags:.* dc( |$)/gm)?.length ?? 0;
  const grow = () => Array.from({ length: 40_000 }, (_, at) => ({ at, own: [at], run: new Function('a', 'return a + ' + (at % 500)) }));
  const seen = { plain: marked() };
  native.prepareFork();
  const kept = [grow()];
  const fork = () => {
    const pid = native.fork();
    if (pid === 0) process.exit(kept.flat().every(({ at, own }) => own[0] === at) ? 7 : 1);
    return native.wait(pid, false).status >> 8;
  };
  seen.first = fork();
  seen.forked = marked();
  kept.push(grow());
  seen.grown = marked();
  seen.second = fork();
  console.log(JSON.stringify(seen));`;

test('no mapping stays behind in a fork, however many come later', { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(node, ['-e', SOURCE, buildFacade()], {
    env: { ...process.env, ...addonEnvironment },
  });
  const { plain, ...others } = JSON.parse(stdout);
  expect(plain).toBeGreaterThan(0);
  expect(others).toEqual({ first: 7, forked: 0, grown: 0, second: 7 });
});
