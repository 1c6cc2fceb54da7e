/** Preclean and servers that have calls: none of them goes, however long ago its call began; the next goes in its stead. */
import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENT, FIXTURES } from '../support/paths.js';
import { processes } from '../support/processes.js';
import { HAS_RELEASED_MODULE } from '../support/released.js';
import type { Running } from '../support/running.js';
import { atRest } from '../support/served.js';
import { until } from '../support/until.js';
import { expectFailure } from '../support/v1-server.js';
import { VERSIONS } from '../support/versions.js';
import { type Workspace, workspace } from '../support/workspace.js';

const PIPES = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };
const KEEP = 'PREFORK_INTERP_KEEP_SERVERS';
const NOW = Math.floor(Date.now() / 1000);

/** A script whose calls last until their input ends, with a server of this name. */
function holding(w: Workspace, ident: string, interpreter: string): string {
  const source = readFileSync(join(FIXTURES, 'hold.mjs'), 'utf8');
  return w.script(`${ident}.mjs`, source, { options: `-U,-g,${ident}`, interpreter });
}

/** Makes rendezvous look as if they had last been used so many hours ago. */
function age(w: Workspace, ident: string, hours: number): void {
  for (const name of w.rendezvous().filter((name) => name.slice(1).replace('2.', '') === ident))
    utimesSync(join(w.runDirectory, name), NOW - hours * 3600, NOW - hours * 3600);
}

const idents = (w: Workspace) => [...new Set(w.rendezvous().map((name) => name.slice(1).replace('2.', '')))].sort();

async function call(w: Workspace, script: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  expect(await w.run(script, ['0'], { env })).toMatchObject({ status: 0, stderr: '' });
}

async function begin(w: Workspace, script: string): Promise<{ running: Running; server: number }> {
  const running = w.start(script, ['7'], PIPES);
  const [, server] = (await running.line()).split(' ').map(Number);
  return { running, server: server as number };
}

async function end(running: Running): Promise<void> {
  running.endInput();
  expect((await running.outcome).status).toBe(7);
}

/** Servers a, b and c, of which a was used least recently, and c most. All do nothing, but where a's first call is a long one: that is returned. */
async function three(w: Workspace, interpreter: string, first: 'long' | 'short'): Promise<Running | undefined> {
  const scripts = ['a', 'b', 'c'].map((ident) => holding(w, ident, interpreter));
  const long = first === 'long' ? await begin(w, scripts[0] as string) : undefined;
  for (const script of scripts.slice(long ? 1 : 0)) await call(w, script);
  for (const { pid } of w.servers()) if (pid !== long?.server) await atRest(pid);
  ['c', 'b', 'a'].forEach((ident, at) => {
    age(w, ident, at + 1);
  });
  return long?.running;
}

describe.each(VERSIONS)('%s', (_, interpreter) => {
  test('of three servers that do nothing the least recently used one goes', async () => {
    const w = workspace();
    const node = interpreter(w);
    await three(w, node, 'short');
    await call(w, holding(w, 'd', node), { [KEEP]: '2' });
    expect(idents(w)).toEqual(['b', 'c', 'd']);
  });

  test('the first call of the least recently used one still runs: the next one goes', async () => {
    const w = workspace();
    const node = interpreter(w);
    const long = (await three(w, node, 'long')) as Running;
    await call(w, holding(w, 'd', node), { [KEEP]: '2' });
    expect(idents(w)).toEqual(['a', 'c', 'd']);
    await end(long);
  });

  test('a later call of it still runs: the next one goes, and it serves on', async () => {
    const w = workspace();
    const node = interpreter(w);
    await three(w, node, 'short');
    const { running, server } = await begin(w, w.path('a.mjs'));
    age(w, 'a', 9);
    await call(w, holding(w, 'd', node), { [KEEP]: '2' });
    expect(idents(w)).toEqual(['a', 'c', 'd']);
    const again = await begin(w, w.path('a.mjs'));
    expect(again.server).toBe(server);
    await end(again.running);
    await end(running);
  });

  test('all have calls: none goes', async () => {
    const w = workspace();
    const node = interpreter(w);
    const calls = [];
    for (const ident of ['a', 'b']) calls.push((await begin(w, holding(w, ident, node))).running);
    await call(w, holding(w, 'd', node), { [KEEP]: '1' });
    expect(idents(w)).toEqual(['a', 'b', 'd']);
    for (const running of calls) await end(running);
  });

  test('a rendezvous whose server was killed goes', async () => {
    const w = workspace();
    const node = interpreter(w);
    await three(w, node, 'short');
    const { running, server } = await begin(w, w.path('b.mjs'));
    process.kill(server, 'SIGKILL');
    await running.outcome;
    age(w, 'b', 9);
    await call(w, holding(w, 'd', node), { [KEEP]: '2' });
    expect(idents(w)).toEqual(['a', 'c', 'd']);
  });
});

test('a server that is stopped cannot be asked, and stays', async () => {
  const w = workspace();
  await three(w, 'node', 'short');
  const { running, server } = await begin(w, w.path('a.mjs'));
  await end(running);
  age(w, 'a', 9);
  process.kill(server, 'SIGSTOP');
  try {
    await call(w, holding(w, 'd', 'node'), { [KEEP]: '2' });
    expect(idents(w)).toEqual(['a', 'c', 'd']);
  } finally {
    process.kill(server, 'SIGCONT');
  }
});

describe.skipIf(!HAS_RELEASED_MODULE)('the released Perl module', () => {
  const env = (w: Workspace) => ({ SETUP_LOG: w.path('setups') });

  /** The processes by which the module follows its calls. They have no environment to be found by. */
  const monitors = (w: Workspace) =>
    processes().filter(({ commandLine }) => commandLine.startsWith(w.directory) && commandLine.includes('[monitor'));

  function perl(w: Workspace, ident: string): string {
    const source = readFileSync(join(FIXTURES, 'call.pl'), 'utf8');
    const path = w.script(ident, source, { options: `-U,-g,${ident}`, interpreter: '/usr/bin/perl' });
    utimesSync(path, 1, 1);
    return path;
  }

  test.each(['first', 'later'])('a %s call still runs: the next server goes', async (which) => {
    const w = workspace();
    const done = (ident: string) => w.run(perl(w, ident), ['args'], { env: env(w) });
    if (which === 'later') await done('a');
    const long = w.start(perl(w, 'a'), ['wait'], { env: env(w) });
    await long.line();
    for (const ident of ['b', 'c']) await done(ident);
    await until('only one call is left', () => monitors(w).length === 1);
    ['c', 'b', 'a'].forEach((ident, at) => {
      age(w, ident, at + 1);
    });
    await w.run(perl(w, 'd'), ['args'], { env: { ...env(w), [KEEP]: '2' } });
    expect(idents(w)).toEqual(['a', 'c', 'd']);
    long.kill('SIGTERM');
    await long.outcome;
  });
});

describe(KEEP, () => {
  test.each(['0', '-1', '1001', '99999999999999999999', '5x', 'x', ' 5', '1.5'])(
    '%j is an error with --strict; without, the script is run directly',
    async (value) => {
      const w = workspace();
      const script = w.fixture('number.cjs');
      const env = { [KEEP]: value };
      const strict = await w.run(CLIENT, ['-U', '--strict', 'node', script, '3'], { env });
      expectFailure(strict, `${KEEP} is not a whole number from 1 to 1000: ${value}`);
      expect(await w.run(script, ['3'], { env })).toMatchObject({ status: 3, stderr: '' });
      expect(w.rendezvous()).toEqual([]);
    },
  );

  test.each(['', '1', '1000'])('%j is none', async (value) => {
    const w = workspace();
    const env = { [KEEP]: value };
    const script = w.fixture('number.cjs');
    expect(await w.run(CLIENT, ['-U', '--strict', 'node', script, '3'], { env })).toMatchObject({
      status: 3,
      stderr: '',
    });
  });
});
