/** A working directory that goes while the call runs, or lets nobody look into it: what the script finds then, as under plain node. */
import { chmodSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Compared, commandOf, SERVED } from '../support/compared.js';
import { AS_ORDINARY_USER, canRunAsOrdinaryUser, isRoot, letInOrdinaryUser } from '../support/other-user.js';
import type { Outcome } from '../support/running.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** Says `ready`, and, once a line has come, all that it can find out about where it is. */
const STAYS = `
  const { execFileSync } = require('node:child_process'); const { resolve } = require('node:path');
  const { readFileSync, readlinkSync, realpathSync, writeFileSync } = require('node:fs');
  process.preforkInterp?.initialisationComplete();
  const attempt = (look) => { try { return String(look()); } catch (error) { return error.code ?? error.message; } };
  if (process.argv[2] === 'asks') process.cwd();
  console.log('ready');
  process.stdin.once('data', () => {
    const looks = [() => process.cwd(), () => resolve('x'), () => realpathSync('.'), () => readlinkSync('/proc/self/cwd'),
      () => readFileSync('relative.txt'), () => writeFileSync('new', ''), () => execFileSync('readlink', ['/proc/self/cwd'])];
    console.log(JSON.stringify(looks.map(attempt)));
    process.exit();
  });`;

type Change = (directory: string) => void;
const CHANGES: [how: string, change: Change, seen: string][] = [
  ['removed', (directory) => rmSync(directory, { recursive: true }), 'ENOENT'],
  ['renamed', (directory) => renameSync(directory, directory + 2), 'relative'],
  [
    'replaced by another of its name',
    (directory) => {
      renameSync(directory, directory + 2);
      mkdirSync(directory);
    },
    'relative',
  ],
];

/** Calls from a directory that then is changed. */
async function changed(w: Workspace, command: readonly string[], change: Change): Promise<Outcome> {
  const directory = w.path('there');
  for (const name of [directory, directory + 2]) rmSync(name, { recursive: true, force: true });
  mkdirSync(directory);
  writeFileSync(w.path('there/relative.txt'), 'relative');
  const [program, ...args] = command as [string, ...string[]];
  const call = w.start(program, args, { cwd: directory, stdio: ['pipe', 'pipe', 'pipe'] });
  await call.line();
  change(directory);
  call.write('\n');
  return await call.outcome;
}

test.each(CHANGES)('a directory that is %s while the call runs', async (_, change, seen) => {
  const w = workspace();
  const script = w.script('stays.cjs', STAYS, SERVED);
  await w.run(script, [], { cwd: '/', input: '\n' });
  for (const word of [script, '../stays.cjs']) {
    for (const args of [[], ['asks']]) {
      const plain = await changed(w, ['node', word, ...args], change);
      const warm = await changed(w, [word, ...args], change);
      expect.soft(warm, [word, ...args].join(' ')).toEqual(plain);
      expect.soft(plain.stdout).toContain(seen);
    }
  }
  expect(w.servers().length).toBe(1);
});

describe.skipIf(!canRunAsOrdinaryUser())('for an ordinary user', () => {
  test('a directory that can only be searched', async () => {
    const w = workspace();
    const { own } = letInOrdinaryUser(w);
    const compared = new Compared(w, w.fixture('context-report.mjs', SERVED), own);
    const first = await compared.warm({ context: AS_ORDINARY_USER, cwd: '/' });
    const cwd = w.path('searchable');
    mkdirSync(cwd);
    writeFileSync(w.path('searchable/relative.txt'), 'found');
    chmodSync(cwd, 0o111);
    const found = await compared.compare({ context: AS_ORDINARY_USER, cwd });
    // So that it can be removed.
    chmodSync(cwd, 0o755);
    expect(found).toMatchObject({ differences: [], plain: { cwd, relativeFile: 'found' }, server: first['parent'] });
  });

  test.skipIf(!isRoot)('a directory that cannot even be searched: the script runs directly, as it would', async () => {
    const w = workspace();
    letInOrdinaryUser(w);
    const source = `process.preforkInterp?.initialisationComplete();
      const { readlinkSync } = require('node:fs');
      try { console.log(process.cwd()); } catch (error) { console.log(error.code); }
      console.log(readlinkSync('/proc/self/cwd'));`;
    const [script, strict] = [w.script('where.cjs', source), w.script('strict.cjs', source, SERVED)];
    const cwd = w.path('private');
    mkdirSync(cwd, { mode: 0o700 });
    const run = (...command: string[]) => {
      const [program, ...args] = commandOf({ context: AS_ORDINARY_USER }, command) as [string, ...string[]];
      return w.run(program, args, { cwd });
    };
    const plain = await run('node', script);
    expect(plain).toMatchObject({ status: 0, stdout: expect.stringContaining(cwd) });
    expect(await run(script)).toEqual(plain);
    expect(await run(strict)).toMatchObject({
      status: 127,
      stdout: '',
      stderr: expect.stringMatching(/^prefork-interp: cannot hand the working directory to .*: Permission denied\n$/),
    });
    rmdirSync(cwd);
  });
});
