/** Servers that take no more calls and still have some: nobody who calls meets them, and preforkctl shows and ends them all the same. */
import { execFileSync } from 'node:child_process';
import { utimesSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ServerView } from '../../src/control/servers.js';
import { CLIENT } from '../support/paths.js';
import { control, controlJson, listed } from '../support/preforkctl.js';
import { alive, processOf } from '../support/processes.js';
import type { Running } from '../support/running.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const HOLDS = `process.preforkInterp?.initialisationComplete();
  console.log('here', process.ppid); process.stdin.resume().on('end', () => process.exit(5));`;

interface Held {
  readonly call: Running;
  readonly server: number;
}

/** A call that stays until its input ends, and its server. */
async function hold(w: Workspace, command: string, ...args: string[]): Promise<Held> {
  const call = w.start(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  return { call, server: Number((await call.line()).split(' ')[1]) };
}

async function letGo({ call }: Held): Promise<void> {
  call.endInput();
  expect((await call.outcome).status).toBe(5);
}

const REPLACED: Record<string, (w: Workspace, script: string) => Promise<Held>> = {
  'whose script has changed': async (w, script) => {
    const later = new Date(Date.now() - 1_000);
    utimesSync(script, later, later);
    return hold(w, script);
  },
  'in whose place -f has put another': (w, script) => hold(w, CLIENT, '-U', '-f', 'node', script),
};

test.each(Object.entries(REPLACED))('a server %s, while it has calls', async (_, replace) => {
  const w = workspace();
  const script = w.script('holds.cjs', HOLDS);
  const old = await hold(w, script);
  const more = await hold(w, script);
  expect(more.server).toBe(old.server);
  const fresh = await replace(w, script);
  expect(fresh.server).not.toBe(old.server);

  const both = await listed(w);
  const ident = both[0]?.ident as string;
  expect(both).toMatchObject([
    { ident, state: 'serving', pid: fresh.server, running: 1, script, calls: 1 },
    { ident, state: 'replaced', pid: old.server, running: 2, script, spares: 0, calls: null, protocol: 2 },
  ]);
  expect(both[1]?.pssKb).toBeGreaterThan(1_000);
  expect(both[1]?.uptimeSeconds).toBeGreaterThanOrEqual(0);
  expect((await control(w, ['list'])).stdout).toMatch(new RegExp(`^2\\.\\S+ +replaced +${old.server} `, 'm'));
  const status = await controlJson<ServerView & { replaced: ServerView[] }>(w, ['status', ident]);
  expect(status).toMatchObject({ state: 'serving', pid: fresh.server, replaced: [{ pid: old.server, running: 2 }] });
  expect((await control(w, ['status', script])).stdout).toMatch(
    new RegExp(`^replaced +process ${old.server}, which serves out its calls \\(2\\), [\\d.]+ MB$`, 'm'),
  );
  expect(await controlJson(w, ['why', script])).toMatchObject({ outcome: 'served', pid: fresh.server, others: [] });

  await letGo(more);
  expect(await listed(w)).toMatchObject([{ pid: fresh.server }, { pid: old.server, running: 1 }]);
  const early = await control(w, ['stop', '--all', '--wait', '0.1', '--json']);
  expect(early.status).toBe(1);
  const fates = JSON.parse(early.stdout) as object[];
  for (const { server } of [old, fresh]) {
    const served = `process ${server}, which serves out its calls (1)`;
    expect(fates).toContainEqual({ ident, fate: 'left', pid: server, why: expect.stringContaining(served) });
    expect(early.stderr).toContain(`${ident} is still there: ${served}`);
  }
  expect(await listed(w)).toMatchObject([{ state: 'replaced' }, { state: 'replaced' }]);

  const stopping = control(w, ['stop', '--all']);
  await letGo(fresh);
  await letGo(old);
  expect((await stopping).status).toBe(0);
  expect(w.processes()).toEqual([]);
  expect(await listed(w)).toEqual([]);
});

test('one that has lost its rendezvous is still found by its ident, and let go on if it is stopped', async () => {
  const w = workspace();
  const script = w.script('holds.cjs', HOLDS);
  const held = await hold(w, script);
  expect((await control(w, ['stop', script, '--wait', '0'])).status).toBe(1);
  expect(w.rendezvous()).toEqual([]);
  const [{ ident }] = (await listed(w)) as [ServerView];
  const status = await controlJson(w, ['status', ident.slice(2, 10)], 3);
  expect(status).toMatchObject({ ident, script, state: 'dead', pid: null, replaced: [{ pid: held.server }] });
  process.kill(held.server, 'SIGSTOP');
  await until('it is stopped', () => processOf(held.server)?.state === 'T');
  held.call.endInput();
  expect((await control(w, ['stop', ident])).stdout).toContain(`stopped, process ${held.server}\n`);
  expect((await held.call.outcome).status).toBe(5);
  expect(w.processes()).toEqual([]);
});

test('nothing else is taken for one: a server of another run directory, one that begins, one that was killed', async () => {
  const [w, other] = [workspace(), workspace()];
  const script = w.script('holds.cjs', HOLDS);
  const elsewhere = await hold(other, script);
  const held = await hold(w, script);
  expect(await listed(w)).toMatchObject([{ state: 'serving', pid: held.server }]);
  process.kill(held.server, 'SIGKILL');
  await held.call.outcome;
  expect(await listed(w)).toMatchObject([{ state: 'dead' }]);
  await letGo(elsewhere);
  await control(other, ['stop', '--all']);
  const fifo = w.path('go');
  execFileSync('mkfifo', [fifo]);
  const slow = w.script('slow.cjs', `require('fs').readFileSync(${JSON.stringify(fifo)}); ${HOLDS}`);
  const starting = w.start(slow);
  await until('its socket is there', () => w.rendezvous().filter((name) => name.startsWith('s')).length === 2);
  expect((await listed(w)).map(({ state }) => state).sort()).toEqual(['dead', 'starting']);
  execFileSync('sh', ['-c', ': > "$1"', 'sh', fifo]);
  expect((await starting.outcome).status).toBe(5);
});

const ELSEWHERE = ['unshare', ...(process.getuid?.() === 0 ? [] : ['-r']), '--mount'] as const;

function mayMount(): boolean {
  try {
    execFileSync(ELSEWHERE[0], [...ELSEWHERE.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    // Who is not root, or in a container, may not.
    return false;
  }
}

test.skipIf(!mayMount())('a directory of the same path in another container is another', async () => {
  const w = workspace();
  const script = w.script('holds.cjs', HOLDS);
  const commands = 'mount -t tmpfs -o mode=0700 tmpfs "$PREFORK_INTERP_RUN_DIR" && exec "$0"';
  const held = await hold(w, ELSEWHERE[0], ...ELSEWHERE.slice(1), 'sh', '-c', commands, script);
  expect(alive(held.server)).toBe(true);
  expect(await listed(w)).toEqual([]);
  await letGo(held);
  for (const { pid } of w.servers()) process.kill(pid, 'SIGTERM');
});
