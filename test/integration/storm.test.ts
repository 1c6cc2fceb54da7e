import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FIXTURES } from '../support/paths.js';
import { workspace } from '../support/workspace.js';

/** Fewer can be asked for while something else is worked on. */
const CALLS = Number(process.env['PREFORK_TEST_CALLS'] ?? 10_000);
const LIMIT_MS = 900_000;

test.each([
  [CALLS, 'number.cjs', 'short ones'],
  [CALLS / 20, 'collects.cjs', 'V8 collects in other threads as they end'],
])(
  '%i calls of %s, 8 at a time, and not one status or output is wrong: %s',
  { timeout: LIMIT_MS },
  async (calls, fixture) => {
    const w = workspace();
    const storm = w.path('storm');
    execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', storm, join(FIXTURES, 'storm.c')]);
    const outcome = await w.run(storm, [String(calls), '8', w.fixture(fixture)], { limitMs: LIMIT_MS });
    expect(outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(w.servers().length).toBe(1);
  },
);
