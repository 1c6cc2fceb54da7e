/** The addon's task pool on its own, and under the sanitizers that a whole Node cannot be run under. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const native = resolve(__dirname, '../../native');
const directory = mkdtempSync(join(tmpdir(), 'task-pool-'));
afterAll(() => rmSync(directory, { recursive: true }));

const sources = ['test/task_pool.cc', 'task_pool.cc', 'sync.cc'].map((name) => join(native, 'addon', name));

const builds: [name: string, flags: string[], programArguments: string[]][] = [
  ['as it is', [], []],
  // The pool's threads never end, and with them what they hold.
  ['address and undefined behaviour', ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'], []],
  ['threads', ['-fsanitize=thread'], ['no-fork']],
];

test.each(builds)('%s', (name, flags, programArguments) => {
  const program = join(directory, name.replaceAll(' ', '-'));
  execFileSync('c++', [
    ...['-std=c++17', '-g', '-O1', '-pthread', '-Wall', '-Wextra', '-Werror', `-I${native}`],
    ...flags,
    ...['-o', program, ...sources],
  ]);
  const { stdout, stderr, status } = spawnSync(program, programArguments, {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ASAN_OPTIONS: 'detect_leaks=0' },
  });
  expect({ stdout, stderr, status }).toEqual({
    stdout: expect.stringMatching(/^\d+ passed, 0 failed\n$/),
    stderr: '',
    status: 0,
  });
});
