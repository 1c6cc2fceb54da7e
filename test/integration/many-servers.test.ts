/** As many servers as somebody may have who uses this for everything: they are all listed as they are, none is stale, and all of them end. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ServerView } from '../../src/control/servers.js';
import { controlJson, listed } from '../support/preforkctl.js';
import { descriptorsOf, type Process, processes, processOf } from '../support/processes.js';
import { atRest } from '../support/served.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** 200 are more than there are instances of inotify(7) for by default (128); they take a minute, and 4 GB of memory. */
const SERVERS = Number(process.env['PREFORK_TEST_SERVERS'] ?? 40);
/** How many servers have calls that last: the first one call, the second two, the third three, and so on. */
const HOLDING = 5;
/** So many instances of inotify(7) a user has, for all his programs. */
const INSTANCES = Number(readFileSync('/proc/sys/fs/inotify/max_user_instances', 'latin1'));
const LIMIT_MS = 120_000 + SERVERS * 3_000;

interface Script {
  readonly path: string;
  readonly module: string;
}

/** Says which version of its module it has; with an argument it holds its call until its input ends. */
function lay(w: Workspace, number: number): Script {
  const module = w.write(`m${number}.cjs`, 'module.exports = 1;');
  const source = `const version = require('./m${number}.cjs');
    process.preforkInterp?.initialisationComplete();
    console.log(process.ppid, version);
    if (process.argv[2]) process.stdin.resume();`;
  return { path: w.script(`s${number}.cjs`, source), module };
}

/** The server of a call, and the version that it had. */
async function call(w: Workspace, { path }: Script): Promise<{ server: number; version: number }> {
  const { status, stdout, stderr } = await w.run(path);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [server, version] = stdout.split(' ').map(Number) as [number, number];
  return { server, version };
}

function memoryOf(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(text)?.[1]);
}

const hasInstance = (pid: number) => [...descriptorsOf(pid).values()].includes('anon_inode:inotify');

/** The executors of a server, by whether they wait for a call; `all`: at some moment. */
function executorsOf(server: number, all: readonly Process[]): { spares: Process[]; calls: Process[] } {
  const executors = all.filter(({ parent, state }) => parent === server && state !== 'Z');
  const isSpare = ({ commandLine }: Process) => commandLine.startsWith('prefork-interp: spare');
  return { spares: executors.filter(isSpare), calls: executors.filter((each) => !isSpare(each)) };
}

/** Waits until it does nothing but serve so many calls: of executors that wait, it keeps one. */
async function settled(server: number, count: number): Promise<void> {
  await until(`process ${server} has settled`, () => {
    const { spares, calls } = executorsOf(server, processes());
    return spares.length === 1 && calls.length === count && processOf(server)?.state === 'S';
  });
}

/** What is said of a server is what /proc says of it. */
function expectTrue(view: ServerView, all: readonly Process[]): void {
  const pid = view.pid as number;
  const own = all.find((each) => each.pid === pid);
  expect(own?.commandLine, `process ${pid}`).toBe(`prefork-interp: server ${view.script}`);
  const { spares, calls } = executorsOf(pid, all);
  expect(view).toMatchObject({ spares: spares.length, running: calls.length, waiting: 0 });
  // Shares change with each process that ends; but no process has more than all that it has mapped, nor much less than what is its own.
  const parts = [pid, ...spares.map((spare) => spare.pid)];
  const sum = (field: string) => parts.map((part) => memoryOf(part, field)).reduce((a, b) => a + b);
  expect(view.pssKb).toBeGreaterThan(sum('Private_Dirty') / 2);
  expect(view.pssKb).toBeLessThan(sum('Rss'));
}

const TITLE = `${SERVERS} servers: list tells of all, and the truth; changes are seen; stop --all ends them`;

test(TITLE, { timeout: LIMIT_MS }, async () => {
  const w = workspace();
  w.env['PREFORK_INTERP_KEEP_SERVERS'] = '1000';
  const scripts = Array.from({ length: SERVERS }, (_, number) => lay(w, number));
  const servers = new Map<string, number>();
  const serverOf = ({ path }: Script) => servers.get(path) as number;
  // Each has a watcher, which has an instance where there is one; one in four wants one for itself as well.
  const calledTwice = scripts.filter((_, number) => number % 4 === 0);
  for (const script of scripts) {
    servers.set(script.path, (await call(w, script)).server);
    if (calledTwice.includes(script)) expect((await call(w, script)).server).toBe(serverOf(script));
  }

  const holding = scripts.slice(0, HOLDING);
  const callsOf = (script: Script) => (holding.includes(script) ? (scripts.indexOf(script) % 3) + 1 : 0);
  const options = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'], limitMs: LIMIT_MS };
  const held = holding.flatMap((script) =>
    Array.from({ length: callsOf(script) }, () => w.start(script.path, ['hold'], options)),
  );
  for (const each of held) await each.line();
  for (const script of scripts) await settled(serverOf(script), callsOf(script));

  const views = await listed(w);
  const all = processes();
  expect(views.map(({ pid, script, state, stale, running }) => [script, pid, state, stale, running]).sort()).toEqual(
    scripts.map((script) => [script.path, serverOf(script), 'serving', false, callsOf(script)]).sort(),
  );
  for (const view of views) expectTrue(view, all);

  const resting = calledTwice.filter((script) => !holding.includes(script));
  const told = resting.filter((script) => hasInstance(serverOf(script)));
  const untold = resting.filter((script) => !told.includes(script));
  if (SERVERS > INSTANCES) expect(untold.length).toBeGreaterThan(0);
  const changed = [...told.slice(0, 5), ...untold.slice(0, 5)];
  for (const { module } of changed) writeFileSync(module, 'module.exports = 2;');
  const stale = (await listed(w)).filter((view) => view.stale);
  expect(stale.map(({ script }) => script).sort()).toEqual(changed.map(({ path }) => path).sort());
  for (const script of changed) expect((await call(w, script)).version).toBe(2);

  for (const each of held) each.endInput();
  for (const each of held) expect((await each.outcome).status).toBe(0);
  const fates = await controlJson<{ fate: string }[]>(w, ['stop', '--all', '--wait', '60']);
  expect(w.processes()).toEqual([]);
  expect(w.rendezvous()).toEqual([]);
  expect(fates.filter(({ fate }) => fate !== 'stopped')).toEqual([]);
  expect(fates.length).toBeGreaterThanOrEqual(SERVERS);
});

/** A user namespace has a limit of its own (namespaces(7), /proc/sys/user). */
const LIMIT = '/proc/sys/user/max_inotify_instances';
const LIMITED = ['unshare', '-r', 'sh', '-c'] as const;

function mayLimit(): boolean {
  try {
    execFileSync(LIMITED[0], [...LIMITED.slice(1), `echo 1 >${LIMIT}`], { stdio: 'ignore' });
    return true;
  } catch {
    // Where there are no user namespaces, or not for everybody.
    return false;
  }
}

test.skipIf(!mayLimit())('where no instance of inotify is to be had: never stale, all the same', async () => {
  const w = workspace();
  const scripts = [1, 2, 3].map((number) => lay(w, number));
  const commands = `echo 1 >${LIMIT}; for script; do "$script"; "$script"; "$script"; done; read go; for script; do "$script"; done`;
  const shell = w.start(LIMITED[0], [...LIMITED.slice(1), commands, 'sh', ...scripts.map(({ path }) => path)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await shell.says(/(.* 1\n){9}/);
  const servers = w.servers().map(({ pid }) => pid);
  expect(servers).toHaveLength(3);
  for (const server of servers) await atRest(server);
  expect(servers.filter(hasInstance)).toEqual([]);
  for (const { module } of scripts.slice(1)) writeFileSync(module, 'module.exports = 2;');
  expect((await listed(w)).filter(({ stale }) => stale)).toHaveLength(2);
  shell.write('go\n');
  const { stdout } = await shell.outcome;
  expect(
    stdout
      .trim()
      .split('\n')
      .slice(9)
      .map((line) => line.split(' ')[1]),
  ).toEqual(['1', '2', '2']);
  await until('those that were replaced have gone', () => w.servers().length === 3);
});
