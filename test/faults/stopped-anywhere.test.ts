/**
 * Server, executor or client is stopped (SIGSTOP) after each of its system calls, one after the other, and goes on later. Wherever that is,
 * the script runs exactly once: warm, or directly.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { descriptorsOf, type Process, processes, processOf } from '../support/processes.js';
import type { Running } from '../support/running.js';
import { sideBySide } from '../support/side-by-side.js';
import { mayTraceOthers, stopAt } from '../support/stop-at.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** Short, so that a call does not wait for long for a server that stands still. */
const LIMIT = { PREFORK_INTERP_START_LIMIT_MS: '100' };
/** More system calls than any of them makes for a call. */
const CALLS_LIMIT = 300;
const AT_ONCE = 3;

/** Writes down its argument, repeats it with its input, and ends with a status of its own. */
const SOURCE = `process.preforkInterp?.initialisationComplete();
  const { appendFileSync, readFileSync } = require('node:fs');
  appendFileSync('ran', process.argv[2] + '\\n');
  console.log(process.argv[2], String(readFileSync(0)));
  process.exitCode = 7;`;

const good = (id: string) => ({ status: 7, signal: null, stdout: `${id} input\n`, stderr: '' });

interface Warm {
  readonly script: string;
  readonly server: number;
}

/** A script with a server that has served calls. */
async function warm(w: Workspace, name: string): Promise<Warm> {
  const script = w.script(name, SOURCE);
  // The second is what each further call is like.
  for (const id of ['first', 'second']) expect(await w.run(script, [id], { input: 'input' })).toEqual(good(id));
  const server = w.servers().find(({ commandLine }) => commandLine.endsWith(script))?.pid ?? 0;
  return { script, server };
}

/** How often each id was run, of those that the script has written down. */
function runs(w: Workspace): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of readFileSync(w.path('ran'), 'utf8').trim().split('\n')) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Whether the client waits for nothing but the end of the script: it has let go of its output then. */
function isCommitted(client: Running): boolean {
  try {
    return !descriptorsOf(client.pid).has(1);
  } catch {
    // It has ended.
    return true;
  }
}

/**
 * One call, of which `whom` is stopped after so many system calls. It stands still until the script has been run directly, or the call is
 * committed. False where the call was over before.
 */
async function callStopped(w: Workspace, script: string, whom: string[], at: number, id: string): Promise<boolean> {
  const { running: tracer, stopped } = await stopAt(w, at, whom);
  const call = w.start(script, [id], { input: 'input', env: LIMIT });
  await until(`the script has been run as call ${id}, or is about to be`, () => runs(w).has(id) || isCommitted(call));
  // What has not been stopped by now may still be, as long as it is traced.
  tracer.kill('SIGTERM');
  await tracer.outcome;
  const pid = stopped();
  if (pid !== undefined) {
    // A client that gives up lets the server go on.
    const hasEnded = () => call.child.exitCode !== null || call.child.signalCode !== null;
    await until(
      'it stands still, or it or the call has ended',
      () => /[TZ]/.test(processOf(pid)?.state ?? 'Z') || hasEnded(),
    );
    killIfThere(pid, 'SIGCONT');
  }
  // A client stops with a script that has begun, and it is for its own parent to let it go on.
  await until(`call ${id} has ended`, () => {
    if (processOf(call.pid)?.state === 'T') call.kill('SIGCONT');
    return call.child.exitCode !== null || call.child.signalCode !== null;
  });
  expect(await call.outcome, id).toEqual(good(id));
  return pid !== undefined;
}

function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Lets the servers serve out what they have, so that nothing can run afterwards; then each id must have been run once. */
async function expectOnce(w: Workspace, ids: readonly string[]): Promise<void> {
  rmSync(w.runDirectory, { recursive: true });
  await w.empty();
  const counts = runs(w);
  expect(ids.filter((id) => counts.get(id) !== 1).map((id) => `${id}: ${counts.get(id) ?? 0} times`)).toEqual([]);
}

/** The executor that waits for the next call. */
async function spareOf(server: number): Promise<number> {
  const waits = ({ parent, commandLine, state }: Process) =>
    parent === server && commandLine.startsWith('prefork-interp: spare') && state === 'S';
  return (await until('an executor waits', () => processes().find(waits))).pid;
}

const WHOM = [
  // As many as are sure to be there, where the machine differs.
  { who: 'the server', whom: async (server: number) => server, least: 12 },
  { who: 'the executor', whom: spareOf, least: 40 },
];

test.skipIf(!mayTraceOthers()).each(WHOM)(
  '$who, stopped after each of its system calls',
  async ({ who, whom, least }) => {
    const w = workspace();
    const scripts = await sideBySide(1, ['one.cjs', 'two.cjs', 'three.cjs'], (name) => warm(w, name));
    const ids: string[] = [];
    let next = 0;
    // Each script's server is stopped in turn, as they become free; most of it is waiting.
    await sideBySide(AT_ONCE, scripts, async ({ script, server }) => {
      while (next < CALLS_LIMIT) {
        const at = next++;
        const id = `${who.replaceAll(' ', '-')}.${at}`;
        ids.push(id);
        if (!(await callStopped(w, script, ['process', String(await whom(server))], at, id))) return;
      }
    });
    expect(next).toBeGreaterThan(least);
    expect(next).toBeLessThan(CALLS_LIMIT);
    const servers = scripts.map(({ server }) => server);
    expect(
      w
        .servers()
        .map(({ pid }) => pid)
        .sort(),
    ).toEqual(servers.sort());
    await expectOnce(w, ids);
  },
);

test('the client, stopped after each of its system calls', async () => {
  const w = workspace();
  const { script, server } = await warm(w, 'one.cjs');
  const ids: string[] = [];
  let hit = true;
  for (let at = 0; hit && at < CALLS_LIMIT; at += 1) {
    const id = `client.${at}`;
    ids.push(id);
    const { running, stopped } = await stopAt(w, at, ['command', script, id], { input: 'input' });
    expect(await running.outcome, id).toEqual(good(id));
    hit = stopped() !== undefined;
  }
  expect(hit).toBe(false);
  expect(ids.length).toBeGreaterThan(30);
  expect(w.server().pid).toBe(server);
  await expectOnce(w, ids);
});

test('a call that is withdrawn at any time at all runs once, warm or directly', async () => {
  const w = workspace();
  const { script } = await warm(w, 'one.cjs');
  const limits = Array.from({ length: 60 }, (_, at) => String(Math.floor(at ** 1.5 / 10)));
  const ids = limits.map((limit, at) => `${at}.${limit}`);
  await sideBySide(AT_ONCE, [...limits.entries()], async ([at, limit]) => {
    const id = ids[at] as string;
    const env = { PREFORK_INTERP_START_LIMIT_MS: limit };
    expect(await w.run(script, [id], { input: 'input', env }), id).toEqual(good(id));
  });
  await expectOnce(w, ids);
});

test('a SIGTERM to the client after each of its system calls: it dies of it, or the script hears it', async () => {
  const w = workspace();
  const script = w.script(
    'hears.cjs',
    `const { appendFileSync } = require('node:fs');
     process.preforkInterp?.initialisationComplete();
     process.on('SIGTERM', () => process.exit(5));
     setInterval(() => {}, 1e6);
     appendFileSync('ran', process.argv[2] + '\\n');`,
  );
  const first = w.start(script, ['first']);
  await until('it runs', () => existsSync(w.path('ran')));
  first.kill('SIGTERM');
  expect((await first.outcome).status).toBe(5);
  const statuses = new Set<number | null>();
  let hit = true;
  for (let at = 0; hit && at < CALLS_LIMIT; at += 1) {
    const { running, stopped } = await stopAt(w, at, ['ended', script, `${at}`]);
    await until(
      'it has got the signal, or waits for its script',
      () => stopped() !== undefined || runs(w).has(`${at}`),
    );
    hit = stopped() !== undefined;
    if (!hit) for (const { pid, parent } of processes()) if (parent === running.pid) killIfThere(pid, 'SIGTERM');
    // Neither would be a script that goes on, and a client that waits for it.
    const { status } = await running.outcome;
    expect([5, 128 + 15], `${at}`).toContain(status);
    statuses.add(status);
  }
  expect(hit).toBe(false);
  expect(statuses.size).toBe(2);
  rmSync(w.runDirectory, { recursive: true });
  await w.empty();
});
