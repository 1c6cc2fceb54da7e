/** V8's code of this library, which servers keep in the run directory for those that come after them. */
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../support/paths.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const SCRIPT = 'process.preforkInterp?.initialisationComplete();\n';

/** A script whose processes log each function that V8 compiles. */
function loggingScript(w: Workspace, name: string): string {
  return w.interpreted(name, SCRIPT, `--log-function-events --no-logfile-per-isolate --logfile=${w.path('log')}`);
}

function keptIn(w: Workspace): string[] {
  return readdirSync(w.runDirectory).filter((name) => /^code\.[^.]*$/.test(name));
}

async function untilKept(w: Workspace): Promise<string> {
  await until('code is kept', () => keptIn(w).length > 0);
  return join(w.runDirectory, keptIn(w)[0] as string);
}

/** The names of functions of this library that were compiled, as V8 has logged it. */
function compiled(log: string): string[] {
  const lines = readFileSync(log, 'utf8').split('\n');
  const library = lines.find(
    (line) => line.startsWith('script-details,') && line.includes(join(ROOT, 'dist/runtime.cjs')),
  );
  const id = library?.split(',')[1];
  expect(id, 'the library, in the log').toBeDefined();
  return lines.filter((line) => line.startsWith(`function,interpreter,${id},`));
}

test('a second server compiles nothing of the library, and no executor does', async () => {
  const w = workspace();
  const [first, second] = [loggingScript(w, 'first.cjs'), loggingScript(w, 'second.cjs')];
  expect(await w.run(first)).toMatchObject({ status: 0, stderr: '' });
  await untilKept(w);
  expect(compiled(w.path('log')).length).toBeGreaterThan(500);
  writeFileSync(w.path('log'), '');
  for (const _ of [1, 2, 3]) expect(await w.run(second)).toMatchObject({ status: 0, stderr: '' });
  expect(compiled(w.path('log'))).toEqual([]);
  expect(keptIn(w).length).toBe(1);
});

test.each([
  ['empty', () => Buffer.alloc(0)],
  ['cut off', (code: Buffer) => code.subarray(0, code.length / 2)],
  ['zeros', (code: Buffer) => Buffer.alloc(code.length)],
  ['of something else', (code: Buffer) => Buffer.alloc(code.length, 'code')],
])('code that is %s is not used, and made anew for the next server', async (_, spoil) => {
  const w = workspace();
  const [first, second] = [w.script('first.cjs', SCRIPT), w.script('second.cjs', SCRIPT)];
  expect(await w.run(first)).toMatchObject({ status: 0, stderr: '' });
  const path = await untilKept(w);
  const good = readFileSync(path);
  writeFileSync(path, spoil(good));
  expect(await w.run(second)).toMatchObject({ status: 0, stderr: '' });
  expect(keptIn(w)).toEqual([]);
  expect(await w.run(w.script('third.cjs', SCRIPT))).toMatchObject({ status: 0, stderr: '' });
  const again = readFileSync(path);
  expect(again.subarray(0, 8)).toEqual(good.subarray(0, 8));
  expect(again.length / good.length).toBeCloseTo(1, 1);
});

test('only what is newest is kept', async () => {
  const w = workspace();
  for (let at = 0; at < 20; at += 1) {
    writeFileSync(join(w.runDirectory, `code.old${at}`), '');
    utimesSync(join(w.runDirectory, `code.old${at}`), at, at);
  }
  expect(await w.run(w.script('first.cjs', SCRIPT))).toMatchObject({ status: 0, stderr: '' });
  await until('the old ones are removed', () => keptIn(w).length === 8);
  expect(keptIn(w)).toContain('code.old19');
  expect(keptIn(w)).not.toContain('code.old12');
});

test('where it cannot be kept, calls are served all the same', async () => {
  const w = workspace();
  const script = w.script('first.cjs', SCRIPT);
  const limited = ['-c', 'ulimit -f 8; exec "$0"', script];
  expect(await w.run('sh', limited)).toMatchObject({ status: 0, stderr: '' });
  const { pid } = w.server();
  await until('it has warmed up', () => w.processes().some(({ commandLine }) => commandLine.includes(': spare ')));
  expect(await w.run('sh', limited)).toMatchObject({ status: 0, stderr: '' });
  expect(w.server().pid).toBe(pid);
  expect(readdirSync(w.runDirectory).filter((name) => name.startsWith('code.'))).toEqual([]);
});
