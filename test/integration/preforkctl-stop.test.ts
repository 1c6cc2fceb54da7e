/** `preforkctl stop`: when it returns, what it was to end is gone, and nothing else is. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT, NODE } from '../support/paths.js';
import { control, controlJson, listed, PREFORKCTL } from '../support/preforkctl.js';
import { alive, processOf } from '../support/processes.js';
import { until } from '../support/until.js';
import { V1Script } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

const READY = 'process.preforkInterp?.initialisationComplete();';
const HOLDS = `${READY} console.log('here'); process.stdin.resume().on('end', () => process.exit(5));`;

interface Ended {
  ident: string;
  fate: string;
  pid: number | null;
  why: string | null;
}

async function served(w: Workspace, name: string, source = READY): Promise<string> {
  const script = w.script(name, source);
  expect((await w.run(script)).status).toBe(0);
  return script;
}

test('one server: process, spares, watcher and rendezvous are gone, others are not, and none is started', async () => {
  const w = workspace();
  const script = await served(w, 'one.cjs');
  const server = w.server().pid;
  const other = await served(w, 'other.cjs');
  const [ended] = await controlJson<Ended[]>(w, ['stop', script]);
  expect(ended).toMatchObject({ fate: 'stopped', pid: server, why: null });
  expect(w.servers()).toHaveLength(1);
  expect(w.watchers()).toHaveLength(1);
  expect(alive(server)).toBe(false);
  expect(await listed(w)).toMatchObject([{ script: other, state: 'serving', calls: 1 }]);
  expect(await control(w, ['stop', script])).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining('no server'),
  });
  expect(w.servers()).toHaveLength(1);
  expect((await w.run(script)).status).toBe(0);
  expect(w.servers()).toHaveLength(2);
});

test('--all: servers of both versions, one that is stopped, one that was killed and a lock without a socket', async () => {
  const w = workspace();
  for (const name of ['a.cjs', 'b.cjs', 'c.cjs', 'd.cjs']) await served(w, name);
  const [killed, stopped] = w.servers().map(({ pid }) => pid) as [number, number];
  const v1 = w.script('v1.cjs', READY, { interpreter: w.versionOneNode() });
  expect((await w.run(v1)).status).toBe(0);
  expect((await new V1Script(w).run(['exit', '0'])).status).toBe(0);
  writeFileSync(join(w.runDirectory, 'l2.left'), '');
  process.kill(killed, 'SIGKILL');
  process.kill(stopped, 'SIGSTOP');
  await until('one has ended, and one is stopped', () => !alive(killed) && processOf(stopped)?.state === 'T');
  const ended = await controlJson<Ended[]>(w, ['stop', '--all']);
  expect(w.processes(), 'processes that are left').toEqual([]);
  expect(w.rendezvous()).toEqual([]);
  expect(ended.map(({ fate }) => fate).sort()).toEqual(['cleared', 'cleared', ...Array(5).fill('stopped')]);
});

test('a call that runs is served out: waited for as long as is wanted, and told', async () => {
  const w = workspace();
  const script = w.script('holds.cjs', HOLDS);
  const call = w.start(script, [], { stdio: ['pipe', 'pipe', 'pipe'] });
  await call.line();
  const server = w.server().pid;
  const outcome = await control(w, ['stop', '--wait', '0.1', script]);
  expect(outcome).toMatchObject({ status: 1, stdout: '' });
  expect(outcome.stderr).toMatch(
    new RegExp(
      `^preforkctl: 2\\.[0-9a-f]+ is still there: process ${server}, which serves out its calls \\(1\\)(, process \\d+ .*)?\n$`,
    ),
  );
  expect(w.rendezvous()).toEqual([]);
  call.endInput();
  expect((await call.outcome).status).toBe(5);
  await w.empty();

  const next = w.start(script, [], { stdio: ['pipe', 'pipe', 'pipe'] });
  await next.line();
  const stopping = w.start(NODE, [PREFORKCTL, 'stop', '--all']);
  await until('the server was told', () => w.rendezvous().length === 0);
  next.endInput();
  expect((await next.outcome).status).toBe(5);
  expect((await stopping.outcome).status).toBe(0);
  expect(w.processes()).toEqual([]);
});

test('a server that is being started is ended when it has started; the call that starts it is served', async () => {
  const w = workspace();
  const fifo = w.path('go');
  execFileSync('mkfifo', [fifo]);
  const script = w.script('slow.cjs', `require('fs').readFileSync(${JSON.stringify(fifo)}); ${READY} process.exit(7);`);
  const call = w.start(script);
  await until('its socket is there', () => w.rendezvous().some((name) => name.startsWith('s')));
  expect(await control(w, ['stop', '--wait', '0', script])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('still starting'),
  });
  const stopping = control(w, ['stop', script]);
  execFileSync('sh', ['-c', ': > "$1"', 'sh', fifo]);
  expect((await call.outcome).status).toBe(7);
  expect((await stopping).status).toBe(0);
  await w.empty();
});

test('by ident: any beginning that no other has', async () => {
  const w = workspace();
  for (const [name, ident] of [
    ['a.cjs', 'abcd1'],
    ['b.cjs', 'abcd2'],
  ] as const) {
    expect((await w.run(w.script(name, READY, { options: `-U,-g,${ident}` }))).status).toBe(0);
  }
  expect(await control(w, ['stop', 'abcd'])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('2 idents begin with that: 2.abcd1, 2.abcd2'),
  });
  expect((await control(w, ['status', '2.abcd'])).status).toBe(1);
  expect((await control(w, ['stop', 'abcd1'])).stdout).toMatch(/^2\.abcd1: stopped, process \d+\n$/);
  expect((await control(w, ['stop', '2.abcd2'])).stdout).toMatch(/^2\.abcd2: stopped/);
  expect(w.processes()).toEqual([]);
});

test('status: the server that running the script now would use, whatever its #! line says, and nothing is run', async () => {
  const w = workspace();
  const ran = w.path('ran');
  const source = `require('fs').writeFileSync(${JSON.stringify(ran)}, ''); ${READY}`;
  const env = { OF: 'this' };
  const lines = [
    { options: '-Uf' },
    { options: '-L' },
    { options: '-U,-E,OF,-G,more' },
    { options: '-U', interpreter: 'node,--no-warnings' },
    { client: '/usr/bin/env -S prefork-interp', options: '-U' },
  ];
  const PATH = `${dirname(CLIENT)}:${w.env['PATH']}`;
  for (const [number, line] of lines.entries()) {
    const script = w.script(`s${number}.cjs`, source, line);
    const ask = () => control(w, ['status', '--json', `./s${number}.cjs`], { env: { ...env, PATH } });
    expect(await ask(), JSON.stringify(line)).toMatchObject({ status: 3, stderr: '' });
    expect(existsSync(ran)).toBe(false);
    expect((await w.run(script, [], { env: { ...env, PATH } })).status).toBe(0);
    rmSync(ran);
    const { status, stdout } = await ask();
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'serving', script, calls: 1 });
    expect(existsSync(ran)).toBe(false);
  }
  const other = await control(w, ['status', './s2.cjs'], { env: { OF: 'another', PATH } });
  expect(other).toMatchObject({ status: 3, stdout: expect.stringContaining('no server') });
});

test('a client that cannot explain itself is not made to run the script', async () => {
  const w = workspace();
  const old = w.write(
    'prefork-interp',
    '#!/bin/sh\ncase $1 in *--explain*) echo "unknown option --explain" >&2; exit 127;; esac\n',
  );
  execFileSync('chmod', ['+x', old]);
  const script = w.script('s.cjs', READY, { client: old });
  expect(await control(w, ['stop', script])).toMatchObject({
    status: 1,
    stderr: `preforkctl: ${script}: its client does not explain itself: unknown option --explain\n`,
  });
});

test.each([
  [['stop'], 'which script or ident, or --all?'],
  [['stop', '--all', 'x'], 'either --all or x'],
  [['stop', '--wait', '1e3', 'x'], '--wait is a number of seconds'],
  [['status'], 'which script or ident?'],
  [['status', 'x', 'y'], 'one word too many: y'],
])('a command line that makes no sense: %s', async (words, why) => {
  const outcome = await control(workspace(), words);
  expect(outcome).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(why) });
  expect(outcome.stderr).toContain(`usage: preforkctl ${words[0]}`);
});
