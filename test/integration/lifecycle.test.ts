/** Who goes when somebody else goes. */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import { alive } from '../support/processes.js';
import type { Running } from '../support/running.js';
import { until } from '../support/until.js';
import { VERSIONS } from '../support/versions.js';
import { type Workspace, workspace } from '../support/workspace.js';

const PIPES = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };

async function numbers(call: Running): Promise<number[]> {
  return (await call.line()).split(' ').map(Number);
}

const gone = (pids: number[]) => until(`processes ${pids} have ended`, () => !pids.some(alive));

describe.each(VERSIONS)('%s', (_version, interpreter) => {
  test.each(['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGINT'] as const)(
    'a client that ends by %s takes its call’s process group with it, and only that',
    async (signal) => {
      const w = workspace();
      const script = w.fixture('family.cjs', { interpreter: interpreter(w) });
      const doomed = w.start(script);
      const [executor = 0, server = 0, ...children] = await numbers(doomed);
      const other = w.start(script);
      const [otherExecutor = 0, otherServer, ...otherChildren] = await numbers(other);
      expect(otherServer).toBe(server);
      doomed.kill(signal);
      expect((await doomed.outcome).signal).toBe(signal);
      await gone([executor, ...children]);
      expect([server, otherExecutor, ...otherChildren].filter((pid) => !alive(pid))).toEqual([]);
      // The server is as good as before: a call of the same server works.
      const next = w.start(script);
      const [, nextServer] = await numbers(next);
      expect(nextServer).toBe(server);
      for (const call of [other, next]) call.kill('SIGTERM');
      await gone([otherExecutor, ...otherChildren]);
    },
  );

  test('a client that is killed while its call waits for its turn: the call is never run', async () => {
    const w = workspace();
    const script = w.fixture('hold.mjs', { interpreter: interpreter(w) });
    const env = { SERVER_OPTIONS: JSON.stringify({ maxServers: 1 }) };
    const first = w.start(script, ['1'], { ...PIPES, env });
    await first.line();
    const waiting = w.start(script, ['2'], PIPES);
    const third = w.start(script, ['3'], PIPES);
    waiting.kill('SIGKILL');
    await waiting.outcome;
    first.endInput();
    await third.line();
    third.endInput();
    expect((await third.outcome).status).toBe(3);
    expect(waiting.stdout).toBe('');
  });

  test('a server that is killed: its clients say so and exit with 127, executors end, the next call starts afresh', async () => {
    const w = workspace();
    // Nothing but a signal ends it: not its input, nor its output.
    const script = w.script(
      'endless.cjs',
      `process.preforkInterp?.initialisationComplete();
     console.log(process.pid, process.ppid); if (!process.argv[2]) setInterval(() => {}, 1e6);`,
      { interpreter: interpreter(w) },
    );
    const calls = [w.start(script)];
    const [executor = 0, server = 0] = await numbers(calls[0] as Running);
    calls.push(w.start(script));
    const [secondExecutor = 0] = await numbers(calls[1] as Running);
    process.kill(server, 'SIGKILL');
    await gone([executor, secondExecutor]);
    for (const call of calls) {
      const outcome = await call.outcome;
      expect(outcome).toMatchObject({ status: 127, signal: null });
      expect(outcome.stderr).toMatch(/^prefork-interp: .+\n$/);
    }
    await w.empty();
    expect((await w.run(script, ['once'])).status).toBe(0);
    expect(w.server().pid).not.toBe(server);
  });
});

test('a process group that ignores the interrupt is killed after the limit', async () => {
  const w = workspace();
  const script = w.fixture('family.cjs');
  const doomed = w.start(script, ['deaf']);
  const [executor = 0, server = 0, ...children] = await numbers(doomed);
  // Which nobody can pass on: its server finds that it has gone.
  doomed.kill('SIGKILL');
  await gone([executor, ...children]);
  expect(alive(server)).toBe(true);
});

test('a server that gets SIGTERM ends, also where the script listens to that signal', async () => {
  const w = workspace();
  const script = w.script(
    'listens.cjs',
    `process.on('SIGTERM', () => console.log('heard')); process.preforkInterp?.initialisationComplete(); console.log(process.ppid);`,
  );
  const server = Number((await w.run(script)).stdout);
  process.kill(server, 'SIGTERM');
  await w.empty();
});

async function startServer(w: Workspace): Promise<{ script: string; server: number; call: Running }> {
  const script = w.fixture('hold.mjs');
  const call = w.start(script, ['7'], PIPES);
  const [, server = 0] = await numbers(call);
  return { script, server, call };
}

const REMOVALS: [string, (w: Workspace, script: string) => unknown][] = [
  ['--kill', (w, script) => w.run(CLIENT, ['-U', '--kill', 'node', script])],
  ['-f, a fresh server', (w, script) => w.run(CLIENT, ['-U', '-f', 'node', script, '0'])],
  ['removing its socket', (w) => rmSync(socketOf(w))],
  ['replacing its socket', (w) => replace(socketOf(w))],
  ['renaming the run directory', (w) => renameSync(w.runDirectory, `${w.runDirectory}2`)],
  ['removing the run directory', (w) => rmSync(w.runDirectory, { recursive: true })],
];

function socketOf(w: Workspace): string {
  const [name = ''] = w.rendezvous().filter((entry) => entry.startsWith('s'));
  return join(w.runDirectory, name);
}

function replace(path: string): void {
  renameSync(path, `${path}.gone`);
}

test.each(REMOVALS)(
  'a server whose socket goes by %s serves out its calls and goes, its watcher too',
  async (_, remove) => {
    const w = workspace();
    const { script, server, call } = await startServer(w);
    await remove(w, script);
    await until('nobody but the server waits for this call', () => w.servers().some(({ pid }) => pid === server));
    call.endInput();
    expect((await call.outcome).status).toBe(7);
    await gone([server]);
  },
);

test('after --kill nothing is left, and the next call starts afresh', async () => {
  const w = workspace();
  const script = w.fixture('hold.mjs');
  expect((await w.run(script, ['1'])).status).toBe(1);
  expect(w.rendezvous().length).toBeGreaterThan(0);
  const kill = () => w.run(CLIENT, ['-U', '--kill', 'node', script], { cwd: '/' });
  expect(await kill(), 'from another directory').toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(w.rendezvous()).toEqual([]);
  await w.empty();
  const none = `prefork-interp: no server of ${script} to end\n`;
  expect(await kill(), 'a second time').toMatchObject({ status: 0, stdout: '', stderr: none });
  expect((await w.run(script, ['2'])).status).toBe(2);
  expect(readFileSync(`${script}.setups`, 'utf8').trim().split('\n').length).toBe(2);
});

test('the lock is not held while a server lives', async () => {
  const w = workspace();
  const { call } = await startServer(w);
  const locks = w.rendezvous().filter((name) => name.startsWith('l'));
  expect(locks.length).toBe(1);
  for (const name of locks) {
    expect((await w.run('flock', ['-n', join(w.runDirectory, name), 'true'])).status, 'flock(1)').toBe(0);
  }
  call.endInput();
  expect((await call.outcome).status).toBe(7);
});
