/** A program that is edited again and again while it is called: no call runs what was replaced before it began, none fails, and none is run twice. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workspace } from '../support/workspace.js';

/** Fewer can be asked for while something else is worked on. */
const EDITS = Number(process.env['PREFORK_TEST_EDITS'] ?? 500);
const LIMIT_MS = 900_000;

const module = (version: number) => `module.exports = ${version};`;

/** In place and of the same length, or as editors do it. */
const EDITS_OF_FILE: ((path: string, version: number) => void)[] = [
  (path, version) => writeFileSync(path, module(version)),
  (path, version) => {
    writeFileSync(`${path}.next`, module(version));
    renameSync(`${path}.next`, path);
  },
];

test(`${EDITS} edits of a module, and after each a call at once`, { timeout: LIMIT_MS }, async () => {
  const w = workspace();
  const first = 1000;
  const path = w.write('m.cjs', module(first));
  const script = w.script(
    'edited.cjs',
    `const v = require('./m.cjs'); process.preforkInterp?.initialisationComplete(); console.log(v);`,
  );
  expect((await w.run(script)).stdout).toBe(`${first}\n`);
  for (let version = first + 1; version <= first + EDITS; version++) {
    EDITS_OF_FILE[version % EDITS_OF_FILE.length]?.(path, version);
    expect(await w.run(script)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    // Now and then a server gets as far as to watch its files.
    for (let again = 0; again < version % 3; again++) {
      expect(await w.run(script)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    }
  }
});

const CALLS = 2_000;
const AT_ONCE = 8;
const REWRITES = 50;

test(`a module is rewritten ${REWRITES} times in ${CALLS} calls, ${AT_ONCE} at once`, {
  timeout: LIMIT_MS,
}, async () => {
  const w = workspace();
  const path = w.write('m.cjs', module(0));
  const done = w.write('done', '');
  const script = w.script(
    'called.cjs',
    `const v = require('./m.cjs'); const { appendFileSync } = require('node:fs'); const done = __dirname + '/done';
     process.preforkInterp?.initialisationComplete();
     appendFileSync(done, process.argv[2] + '\\n'); console.log(v);`,
  );
  let version = 0;
  let next = 0;
  const caller = async () => {
    while (next < CALLS) {
      const id = next++;
      if (id >= ((version + 1) * CALLS) / (REWRITES + 1)) {
        EDITS_OF_FILE[1]?.(path, version + 1);
        version += 1;
      }
      const earliest = version;
      const { status, stdout, stderr } = await w.run(script, [String(id)]);
      expect({ id, status, stderr }).toEqual({ id, status: 0, stderr: '' });
      expect(Number(stdout), 'the version that it ran').toBeGreaterThanOrEqual(earliest);
      expect(Number(stdout)).toBeLessThanOrEqual(version);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  expect(version).toBe(REWRITES);
  expect(idsIn(done)).toEqual(Array.from({ length: CALLS }, (_, id) => id));
});

function idsIn(path: string): number[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map(Number)
    .sort((a, b) => a - b);
}
