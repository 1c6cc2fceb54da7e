/** `preforkctl list`: what it says is what /proc and the run directory say, and to ask changes nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, utimesSync } from 'node:fs';
import { expect, test } from 'vitest';
import { control, listed, listedOne } from '../support/preforkctl.js';
import { alive, processes, processOf, watchesOf } from '../support/processes.js';
import { atRest, serve } from '../support/served.js';
import { until } from '../support/until.js';
import { V1Script } from '../support/v1-server.js';
import { workspace } from '../support/workspace.js';

const READY = 'process.preforkInterp?.initialisationComplete();';

function memoryOf(pid: number): number {
  return Number(/^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]);
}

test('a server at rest: each field is what can be seen of it from outside', async () => {
  const w = workspace();
  const before = Date.now();
  const { script, server } = await serve(w);
  const seen = await listedOne(w);
  const spares = processes().filter(({ parent }) => parent === server);
  const memory = [server, ...spares.map(({ pid }) => pid)].map(memoryOf).reduce((sum, each) => sum + each);
  expect(seen).toMatchObject({
    ident: w.rendezvous()[1]?.slice(1),
    state: 'serving',
    protocol: 2,
    script,
    pid: server,
    calls: 3,
    running: 0,
    waiting: 0,
    spares: spares.length,
    stale: false,
    staleBecause: null,
  });
  // What the server allocates to answer is its own, and its spares' share of the rest changes.
  expect(Math.abs((seen.pssKb as number) / memory - 1)).toBeLessThan(0.5);
  expect(seen.uptimeSeconds).toBeGreaterThan(0);
  expect(seen.uptimeSeconds).toBeLessThanOrEqual((Date.now() - before) / 1000);
  expect(Date.parse(seen.lastUsed as string)).toBeGreaterThanOrEqual(before);
  const text = (await control(w, ['list'])).stdout;
  expect(text).toMatch(/^IDENT +STATE +PID +UP +CALLS/);
  expect(text.split('\n')[1]).toMatch(new RegExp(`^2\\.[0-9a-f]{8} +serving +${server} .* ${script}$`));
});

test('calls that run are counted', async () => {
  const w = workspace();
  const script = w.script('holds.cjs', `${READY} console.log('here'); process.stdin.resume();`);
  const calls = [1, 2].map(() => w.start(script, [], { stdio: ['pipe', 'pipe', 'pipe'] }));
  for (const call of calls) await call.line();
  expect(await listedOne(w)).toMatchObject({ running: 2, calls: 2 });
  for (const call of calls) call.endInput();
  for (const call of calls) expect((await call.outcome).status).toBe(0);
});

test('a server whose script has changed is stale, says why, and is there until somebody calls', async () => {
  const w = workspace();
  const { script, server } = await serve(w);
  const later = new Date(Date.now() + 5_000);
  utimesSync(script, later, later);
  for (const _ of [1, 2]) {
    expect(await listedOne(w)).toMatchObject({
      pid: server,
      stale: true,
      staleBecause: `${script} is newer than the server`,
    });
  }
  expect((await control(w, ['list'])).stdout).toMatch(/ stale /);
});

test('servers that live, one that was killed, one that is stopped, and one that is being started', async () => {
  const w = workspace();
  const scripts = ['a', 'b', 'c'].map((name) => w.script(`${name}.cjs`, READY));
  for (const script of scripts) expect((await w.run(script)).status).toBe(0);
  const servers = await listed(w);
  expect(servers.map(({ pid }) => pid).sort()).toEqual(
    w
      .servers()
      .map(({ pid }) => pid)
      .sort(),
  );
  expect(servers.map(({ script }) => script).sort()).toEqual(scripts);
  const [killed, stopped] = servers.map(({ pid }) => pid as number) as [number, number];
  process.kill(killed, 'SIGKILL');
  process.kill(stopped, 'SIGSTOP');
  await until('one has ended, and one is stopped', () => !alive(killed) && processOf(stopped)?.state === 'T');
  const fifo = w.path('go');
  execFileSync('mkfifo', [fifo]);
  const slow = w.script('slow.cjs', `require('fs').readFileSync(${JSON.stringify(fifo)}); ${READY}`);
  const call = w.start(slow);
  await until('its socket is there', () => w.rendezvous().filter((name) => name.startsWith('s')).length === 4);
  const states = async () => (await listed(w)).map(({ state }) => state).sort();
  expect(await states()).toEqual(['dead', 'serving', 'silent', 'starting']);
  execFileSync('sh', ['-c', ': > "$1"', 'sh', fifo]);
  process.kill(stopped, 'SIGCONT');
  expect((await call.outcome).status).toBe(0);
  expect(await states()).toEqual(['dead', 'serving', 'serving', 'serving']);
});

test('a server of version 1, whether it notes its number or not', async () => {
  const w = workspace();
  const ours = w.script('ours.cjs', READY, { interpreter: w.versionOneNode() });
  expect((await w.run(ours)).status).toBe(0);
  const [server] = w.servers();
  expect(await listedOne(w)).toMatchObject({
    state: 'serving',
    protocol: 1,
    script: ours,
    pid: server?.pid,
    calls: null,
  });
  rmSync(w.runDirectory, { recursive: true });
  await w.empty();

  const other = workspace();
  const v1 = new V1Script(other);
  expect((await v1.run(['exit', '0'])).status).toBe(0);
  expect(await listedOne(other)).toMatchObject({ state: 'serving', protocol: 1, pid: (await v1.server()).pid });
});

test('who is only asked takes no watches', async () => {
  const w = workspace();
  expect((await w.run(w.script('ready.cjs', READY))).status).toBe(0);
  const server = w.server().pid;
  await atRest(server);
  expect((await listedOne(w)).pid).toBe(server);
  await atRest(server);
  expect(watchesOf(server)).toBe(0);
});

test('who is only asked is not kept from going when nobody calls', async () => {
  const w = workspace();
  const script = w.script('short.cjs', 'process.preforkInterp?.initialisationComplete({ idleTimeoutSeconds: 1 });');
  expect((await w.run(script)).status).toBe(0);
  await until('it goes, though it is asked again and again', async () => (await listedOne(w)).state === 'dead');
});

test('where there is nothing, nothing is listed, made or started', async () => {
  const w = workspace();
  rmSync(w.runDirectory, { recursive: true });
  expect(await listed(w)).toEqual([]);
  expect((await control(w, ['list'])).stdout).toBe(`no servers in ${w.runDirectory}\n`);
  expect(w.rendezvous()).toEqual([]);
  const open = await control(w, ['list'], { env: { PREFORK_INTERP_RUN_DIR: 'relative' } });
  expect(open).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('is not an absolute path') });
});

test.each([
  ['list', '--colour'],
  ['list', 'more'],
])('a command line that makes no sense: %s %s', async (...words) => {
  const outcome = await control(workspace(), words);
  expect(outcome).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('usage: preforkctl list') });
});
