/** Scripts that call themselves, and many that call while nobody is there yet: all are served, or run. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { alive, descriptorsOf, processOf } from '../support/processes.js';
import type { Running } from '../support/running.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

test('a script that calls itself more often than its server has room for ends with the right output', async () => {
  const w = workspace();
  const script = w.script(
    'nested.cjs',
    `const { spawnSync } = require('node:child_process');
     process.preforkInterp?.initialisationComplete({ maxServers: 4 });
     const depth = Number(process.argv[2]);
     const { stdout = '', status } = depth > 0 ? spawnSync(process.argv[1], [String(depth - 1)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }) : { status: 9 };
     process.stdout.write(depth + ' ' + stdout);
     process.exitCode = status;`,
  );
  const env = { PREFORK_INTERP_START_LIMIT_MS: '500', PREFORK_INTERP_DEBUG: '1' };
  for (const _ of ['first', 'warm']) {
    const outcome = await w.run(script, ['5'], { env });
    expect(outcome).toMatchObject({ status: 9, stdout: '5 4 3 2 1 0 ' });
    // Four are served; the fifth waits for the limit in vain and runs directly, and so does the sixth.
    expect(outcome.stderr.match(/taken by the server/g)).toHaveLength(4);
    expect(outcome.stderr.match(/directly: .* did not take the call within 500 ms/g)).toHaveLength(2);
  }
});

/** A script whose initialisation counts itself and waits for its gate. */
function gated(w: Workspace): { script: string; setups(): number[]; open(): void } {
  const script = w.script(
    'gated.cjs',
    `const { appendFileSync, readFileSync } = require('node:fs');
     appendFileSync('setups', process.pid + '\\n');
     readFileSync('gate');
     process.preforkInterp?.initialisationComplete();
     appendFileSync('ran', process.argv[2] + '\\n');
     console.log('done', process.argv[2]);`,
  );
  const setups = () => {
    try {
      return readFileSync(w.path('setups'), 'utf8').trim().split('\n').map(Number);
    } catch {
      return [];
    }
  };
  // Whoever waits to read goes on when the writer has been there.
  const open = () => closeSync(openSync(w.path('gate'), 'w'));
  return { script, setups, open };
}

// Once the server is there, a call that has waited for it gets this much again: so not less, where the machine is slow.
const ENV = { PREFORK_INTERP_START_LIMIT_MS: '800', PREFORK_INTERP_DEBUG: '1' };

/** How often a process has gone to sleep (proc(5)). */
function sleeps({ pid }: Running): number {
  return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

/** Whether a client has connected, and waits until it may send its call; or waits for the lock, which it asks for again and again. */
function waits(client: Running, lock = false): boolean {
  if (processOf(client.pid)?.state !== 'S' || sleeps(client) < 5) return false;
  const connected = [...descriptorsOf(client.pid)].some(([fd, name]) => fd > 2 && name.startsWith('socket:'));
  return connected === !lock;
}

/** One that starts the server, whose initialisation takes its time, and others that have come since. */
async function crowd(w: Workspace) {
  await w.run('mkfifo', ['gate']);
  const { script, setups, open } = gated(w);
  const starter = w.start(script, ['starter'], { env: ENV });
  await until('the initialisation has begun', () => setups().length === 1);
  const others = ['a', 'b', 'c'].map((name) => w.start(script, [name], { env: ENV }));
  await until('the others wait', () => others.every((other) => waits(other)));
  return { script, setups, open, starter, others };
}

const served = (name: string) => ({
  status: 0,
  signal: null,
  stdout: `done ${name}\n`,
  stderr: expect.stringMatching(/taken by the server/),
});

test('while somebody else starts the server others wait, longer than their limit, and none runs directly', async () => {
  const w = workspace();
  const { setups, open, starter, others } = await crowd(w);
  const [first] = others as [Running];
  const before = sleeps(first);
  await until(
    'its limit has passed twice, and it has looked at the lock, each 50 ms, and waits on',
    () => sleeps(first) >= before + 40,
  );
  open();
  expect(await starter.outcome).toEqual(served('starter'));
  for (const [at, name] of ['a', 'b', 'c'].entries()) expect(await others[at]?.outcome).toEqual(served(name));
  expect(setups().length).toBe(1);
});

test('the starter is killed: one of those that wait takes over, and all are served', async () => {
  const w = workspace();
  const { setups, open, starter, others } = await crowd(w);
  starter.kill('SIGKILL');
  expect((await starter.outcome).signal).toBe('SIGKILL');
  await until(
    'its initialisation has gone, and another has begun',
    () => setups().length === 2 && !alive(setups()[0] ?? 0),
  );
  open();
  for (const [at, name] of ['a', 'b', 'c'].entries()) expect(await others[at]?.outcome).toEqual(served(name));
  expect(setups().length).toBe(2);
  expect(readFileSync(w.path('ran'), 'utf8').trim().split('\n').sort()).toEqual(['a', 'b', 'c']);
});

test('a Ctrl-C ends one that waits at once, for the server or for the lock, and does not disturb the others', async () => {
  const w = workspace();
  const { script, setups, open, starter, others } = await crowd(w);
  const [first, second, third] = others as [Running, Running, Running];
  first.kill('SIGINT');
  // Its output's end too: it has sent nothing along that would wait until there is a server to drop it.
  expect(await first.outcome).toMatchObject({ signal: 'SIGINT', stdout: '' });
  // -f asks for a server of its own, and so for the lock.
  const fresh = w.start(
    readFileSync(script, 'utf8').slice(2).split(' ')[0] as string,
    ['-U', '-f', 'node', script, 'fresh'],
    { env: ENV },
  );
  await until('it waits for the lock', () => waits(fresh, true));
  fresh.kill('SIGINT');
  expect(await fresh.outcome).toMatchObject({ signal: 'SIGINT', stdout: '' });
  expect(starter.child.exitCode).toBe(null);
  open();
  expect(await starter.outcome).toEqual(served('starter'));
  expect(await second.outcome).toEqual(served('b'));
  expect(await third.outcome).toEqual(served('c'));
  expect(setups().length).toBe(1);
});
