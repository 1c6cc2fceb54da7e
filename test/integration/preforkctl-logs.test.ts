/** The log in the run directory, and `preforkctl logs`. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { EVENTS_FILE, EVENTS_LIMIT_BYTES, type EventRecord, FORMER_EVENTS_FILE } from '../../src/server/event-log.js';
import { NODE, ROOT } from '../support/paths.js';
import { control, controlJson } from '../support/preforkctl.js';
import { processes } from '../support/processes.js';
import { HAS_STRACE, straced } from '../support/strace.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const READY = 'process.preforkInterp?.initialisationComplete();';
const logsOf = (w: Workspace, ...words: string[]) => controlJson<EventRecord[]>(w, ['logs', ...words]);

test('when servers began and why they went, of all, of a script, and of one', async () => {
  const w = workspace();
  const [one, other] = ['one.cjs', 'other.cjs'].map((name) => w.script(name, READY)) as [string, string];
  expect((await w.run(one)).status).toBe(0);
  const first = w.server().pid;
  writeFileSync(one, `${readFileSync(one, 'utf8')}\n// changed`);
  expect((await w.run(one)).status).toBe(0);
  expect((await w.run(other)).status).toBe(0);
  await control(w, ['stop', other]);
  const all = await logsOf(w);
  const [began, retired] = all;
  expect(began).toMatchObject({ pid: first, level: 'info', script: one, message: 'the server begins to serve' });
  expect(retired).toMatchObject({ pid: first, level: 'info', script: one });
  expect(retired?.message).toMatch(/^the server retires: .*one\.cjs is newer than the server$/);
  expect(all.slice(2).map(({ script, message }) => [script, message])).toEqual([
    [one, 'the server begins to serve'],
    [other, 'the server begins to serve'],
    [other, 'the server retires: it was told to'],
  ]);
  expect(await logsOf(w, other)).toEqual(all.slice(3));
  expect(await logsOf(w, began?.ident as string)).toEqual(all.slice(0, 3));
  const { stdout } = await control(w, ['logs', other]);
  expect(stdout).toMatch(
    new RegExp(`^20\\S+Z \\[\\d+\\] ${other}: the server begins to serve\n20.* it was told to\n$`),
  );
});

test('it is there without syslog, is nobody else’s to read, and is read past what is no record', async () => {
  const w = workspace();
  const script = w.script('quiet.cjs', `process.preforkInterp?.initialisationComplete({ logFacility: '' });`);
  const file = join(w.runDirectory, EVENTS_FILE);
  writeFileSync(join(w.runDirectory, FORMER_EVENTS_FILE), '{"time":"\n[]\n7\nnull\n{}\n');
  expect((await w.run(script)).status).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await logsOf(w)).toMatchObject([{ script, message: 'the server begins to serve' }]);
});

test('where it cannot be written nothing else is different', async () => {
  const w = workspace();
  mkdirSync(join(w.runDirectory, EVENTS_FILE));
  const script = w.script('s.cjs', `${READY} console.log('served', process.ppid);`);
  const { stdout, stderr, status } = await w.run(script);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout).toBe(`served ${w.server().pid}\n`);
  expect(await control(w, ['logs'])).toMatchObject({ status: 1, stderr: expect.stringContaining('EISDIR') });
});

test('a server whose run directory is removed puts nothing into it', async () => {
  const w = workspace();
  expect((await w.run(w.script('s.cjs', READY))).status).toBe(0);
  for (const name of readdirSync(w.runDirectory)) rmSync(join(w.runDirectory, name));
  await w.empty();
  // Fails where anything is in it.
  execFileSync('rmdir', [w.runDirectory]);
});

/** A program that writes to the log of the run directory that it is given, `times` records that begin with the word behind that. */
function writer(w: Workspace, times: number): string {
  const bundle = w.path('writes.cjs');
  const source = `const { EventLog } = require(${JSON.stringify(join(ROOT, 'src/server/event-log.ts'))});
    const log = new EventLog(process.argv[2] + '/s2.x', '/a/script');
    log.begin();
    for (let at = 0; at < ${times}; at++) log.log('info', process.argv[3] + ' ' + at + ' ' + 'x'.repeat(at % 300));`;
  buildSync({
    stdin: { contents: source, resolveDir: ROOT },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: bundle,
    define: { __dirname: JSON.stringify(join(ROOT, 'dist')) },
  });
  return bundle;
}

test('many processes write at once: it stays small, and every record is whole', async () => {
  const w = workspace();
  const bundle = writer(w, 500);
  const writers = [1, 2, 3, 4, 5, 6].map((name) =>
    spawn(NODE, [bundle, w.runDirectory, `${name}`], { stdio: 'inherit' }),
  );
  for (const [status] of await Promise.all(writers.map((writer) => once(writer, 'exit')))) expect(status).toBe(0);
  const sizeOf = (name: string) => statSync(join(w.runDirectory, name)).size;
  // What came before was replaced by a whole file, and not by the beginning of one: each size is passed once.
  expect(sizeOf(FORMER_EVENTS_FILE)).toBeGreaterThanOrEqual(EVENTS_LIMIT_BYTES);
  expect(sizeOf(FORMER_EVENTS_FILE)).toBeLessThan(EVENTS_LIMIT_BYTES + writers.length * 1024);
  expect(sizeOf(EVENTS_FILE)).toBeLessThan(EVENTS_LIMIT_BYTES + 1024);
  const lines = [FORMER_EVENTS_FILE, EVENTS_FILE].flatMap((name) =>
    readFileSync(join(w.runDirectory, name), 'utf8').trim().split('\n'),
  );
  expect(await logsOf(w)).toHaveLength(lines.length);
});

test.skipIf(!HAS_STRACE)('of two who find it full at once one replaces it, and the other not once more', async () => {
  const w = workspace();
  const bundle = writer(w, 0);
  const [file, former] = [EVENTS_FILE, FORMER_EVENTS_FILE].map((name) => join(w.runDirectory, name)) as [
    string,
    string,
  ];
  writeFileSync(file, `${'x'.repeat(EVENTS_LIMIT_BYTES)}\n`, { mode: 0o600 });
  // It has written its record, looks at the size, and is stopped before it asks for the lock.
  const stopping = ['-P', file, '-e', 'inject=statx:signal=SIGSTOP:when=1'];
  w.write('trace', '');
  const late = straced(w, stopping, [NODE, bundle, w.runDirectory, 'late']);
  await until('it has found the file full', () => /stopped by SIGSTOP/.test(readFileSync(w.path('trace'), 'utf8')));
  expect((await w.run(NODE, [bundle, w.runDirectory, 'early'])).status).toBe(0);
  expect(statSync(file).size, 'a new file').toBe(0);
  const replaced = statSync(former).size;
  expect(replaced).toBeGreaterThan(EVENTS_LIMIT_BYTES);
  const [stopped] = processes().filter(({ parent }) => parent === late.pid);
  process.kill(stopped?.pid as number, 'SIGCONT');
  expect((await late.outcome).status).toBe(0);
  expect(statSync(former).size, 'the former file is still the full one').toBe(replaced);
  expect(await logsOf(w)).toHaveLength(2);
});

test('what goes wrong is told as well', async () => {
  const w = workspace();
  const script = w.script('s.cjs', READY);
  expect((await w.run(script)).status).toBe(0);
  const server = w.server().pid;
  const spare = await until('a spare waits', () =>
    w
      .processes()
      .find(({ parent, commandLine }) => parent === server && commandLine.startsWith('prefork-interp: spare')),
  );
  process.kill(spare.pid, 'SIGKILL');
  const lost = await until('the server says so', async () =>
    (await logsOf(w, script)).find(({ level }) => level === 'warning'),
  );
  expect(lost.message).toContain(`process ${spare.pid}, which waited for a call, is lost`);
});
