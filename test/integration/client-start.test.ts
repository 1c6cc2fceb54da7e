/** Finding or starting a server of version 2: setups that become none, servers that are being started, starters that die. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DIRECT, ended, FakeV2, started } from '../support/fake-v2.js';
import { installNode } from '../support/interpreters.js';
import { CLIENT } from '../support/paths.js';
import { alive } from '../support/processes.js';
import type { Running } from '../support/running.js';
import { until } from '../support/until.js';
import { expectFailure } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

const OURS = ['-U', '-g', 'here', 'node', 'script', 'a', 'b'];
const logOf = (w: Workspace) => readFileSync(w.path('script.log'), 'utf8');

function withSetup(what: string): Workspace {
  const w = workspace();
  installNode(w, 'v2-setup.c');
  w.write('script', what);
  return w;
}

test.each([0, 1, 127])(
  'a setup that refuses, and ends with %i: the script is run directly, strict it is an error',
  async (status) => {
    const w = withSetup(`refuse ${status}`);
    expect(await w.run(CLIENT, OURS)).toMatchObject({ status: 3, stdout: 'direct a b\n', stderr: '' });
    expect(logOf(w)).toBe('setup\ndirect\n');
    expectFailure(
      await w.run(CLIENT, ['--strict', ...OURS]),
      status === 0
        ? /the server of script does not take the call|no server can be made of script/
        : /no server can be made of script/,
      /this node is too old/,
    );
    expect(logOf(w)).toBe('setup\ndirect\nsetup\n');
    expect(w.rendezvous()).toEqual([]);
    await w.empty();
  },
);

test('a setup that ends well without a word has run the script: it is not run again', async () => {
  const w = withSetup('end 0');
  for (const options of [[], ['--strict']]) {
    expectFailure(
      await w.run(CLIENT, [...options, ...OURS]),
      /script: it ended without calling its initialisation complete/,
    );
  }
  expect(logOf(w)).toBe('setup\nsetup\n');
  expect(w.rendezvous()).toEqual([]);
  await w.empty();
});

test('a setup that fails: its status, and nothing is run directly', async () => {
  const w = withSetup('end 42');
  for (const options of [[], ['--strict']]) {
    expect(await w.run(CLIENT, [...options, ...OURS])).toMatchObject({ status: 42, stdout: '', stderr: '' });
  }
  expect(logOf(w)).toBe('setup\nsetup\n');
  expect(w.rendezvous()).toEqual([]);
});

test('a new server that listens and does not answer: directly, after ten seconds', async () => {
  const w = withSetup('stall 0');
  const strict = ['--strict', ...OURS.map((word) => (word === 'here' ? 'there' : word))];
  const [direct, error] = await Promise.all([w.run(CLIENT, OURS), w.run(CLIENT, strict)]);
  expect(direct).toMatchObject({ status: 3, stdout: 'direct a b\n', stderr: '' });
  expectFailure(error, /the server of script did not take the call within 10000 ms/);
  expect(logOf(w).split('\n').sort()).toEqual(['', 'direct', 'setup', 'setup']);
  expect(w.rendezvous()).toEqual([]);
  await w.empty();
});

test('fewer descriptors than a server needs: nothing is started, and the script is run directly', async () => {
  const w = workspace();
  const script = w.script(
    'served.cjs',
    'process.preforkInterp?.initialisationComplete(); console.log(!!process.preforkInterp);',
  );
  const limited = (descriptors: number, ...options: string[]) =>
    w.shell('ulimit -Sn "$1"; ulimit -Hn "$1"; shift; exec "$@"', [
      `${descriptors}`,
      CLIENT,
      '-U',
      ...options,
      'node',
      script,
    ]);
  for (const few of [22, 24, 127]) {
    expect(await limited(few), `${few}`).toMatchObject({ status: 0, stdout: 'false\n', stderr: '' });
    expectFailure(
      await limited(few, '--strict'),
      new RegExp(`too few descriptors for a server of .*served\\.cjs: the hard limit is ${few}, it needs 128`),
    );
  }
  expect(w.rendezvous()).toEqual([]);
  expect(await limited(128)).toMatchObject({ status: 0, stdout: 'true\n', stderr: '' });
});

/** A socket that takes connections and never says anything, and a lock that somebody holds, as while a server is being started. */
async function beingStarted(w: Workspace): Promise<{ release: () => Promise<unknown> }> {
  const source = 'open(my $f, ">", $ARGV[0]); flock($f, 2); $| = 1; print "held\n"; <STDIN>';
  const holder = w.start('perl', ['-e', source, join(w.runDirectory, 'l2.fake')], { stdio: 'pipe' });
  await holder.says(/held/);
  const release = () => {
    holder.endInput();
    return holder.outcome;
  };
  onTestFinished(() => holder.endInput());
  return { release };
}

test('while the lock is held by somebody else a call waits, however long, and sends nothing; then it is taken', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w);
  const { release } = await beingStarted(w);
  const running = fake.start([], { env: { PREFORK_INTERP_START_LIMIT_MS: '20' } });
  const conversation = await fake.conversation();
  // Longer than several limits: the lock is looked at, which moves the access time of nothing, so time it is.
  const from = performance.now();
  await until('ten limits have passed', () => performance.now() - from > 200);
  expect(running.child.exitCode).toBeNull();
  // What is sent to a server that is never there would hold the other ends of pipes.
  expect(conversation.received).toBe(0);
  const answered = conversation.call().then(() => conversation.say(started(), ended(7 << 8)));
  await release();
  await answered;
  expect(await running.outcome).toMatchObject({ status: 7, stdout: '', stderr: '' });
});

test('once the lock is free the server has the limit, and then the script is run directly', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w);
  const { release } = await beingStarted(w);
  const running = fake.start([], { env: { PREFORK_INTERP_START_LIMIT_MS: '100' } });
  const conversation = await fake.conversation();
  await release();
  await conversation.call();
  expect(await running.outcome).toMatchObject(DIRECT);
});

test('a lock file that nobody holds is no reason to wait', async () => {
  const w = workspace();
  writeFileSync(join(w.runDirectory, 'l2.fake'), '', { mode: 0o600 });
  const fake = await FakeV2.start(w);
  expect(await fake.run([], { env: { PREFORK_INTERP_START_LIMIT_MS: '50' } })).toMatchObject(DIRECT);
  expectFailure(
    await w.run(CLIENT, ['--strict', ...fake.command().slice(1)], { env: { PREFORK_INTERP_START_LIMIT_MS: '50' } }),
    /did not take the call within 50 ms/,
  );
});

test.each(['', 'x', '5s', '-1', '123456789'])('a limit that is none (%j) is not taken for one', async (limit) => {
  const w = workspace();
  const fake = await FakeV2.start(w);
  const from = performance.now();
  expect(await fake.run([], { env: { PREFORK_INTERP_START_LIMIT_MS: limit } })).toMatchObject(DIRECT);
  expect(performance.now() - from).toBeGreaterThan(900);
});

test('a listener whose queue is full does not hold a call up', async () => {
  const w = workspace();
  const path = join(w.runDirectory, 's2.fake');
  const source = `use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($ARGV[0])) or die; listen(S, 0);
    socket(C, PF_UNIX, SOCK_STREAM, 0); connect(C, pack_sockaddr_un($ARGV[0])) or die; $| = 1; print "full\\n"; <STDIN>;`;
  const server = w.start('perl', ['-e', source, path], { stdio: 'pipe' });
  await server.says(/full/);
  const script = w.write('script', 'exit 3\n');
  installNode(w, 'v2-setup.c');
  const env = { PREFORK_INTERP_START_LIMIT_MS: '100' };
  const words = ['-U', '-g', 'fake', 'node', script];
  expect(await w.run(CLIENT, words, { env })).toMatchObject({ status: 3, stdout: 'direct\n', stderr: '' });
  expectFailure(await w.run(CLIENT, ['--strict', ...words], { env }), /cannot connect to .*s2\.fake/);
  server.endInput();
  await server.outcome;
});

/** A node script whose first initialisation waits until a fifo has been opened and closed; the next ones do not. */
function slowScript(w: Workspace): { script: string; release: () => void; setup: () => Promise<number> } {
  const fifo = w.path('go');
  execFileSync('mkfifo', [fifo]);
  const script = w.script(
    'slow.cjs',
    `const fs = require('fs');
     if (!fs.existsSync('begun')) { fs.writeFileSync('begun', String(process.pid)); fs.readFileSync('go'); }
     process.preforkInterp?.initialisationComplete();
     fs.appendFileSync('calls', process.argv[2] + ' ' + !process.preforkInterp + '\\n');
     console.log(process.argv[2], process.ppid);`,
  );
  return {
    script,
    release: () => execFileSync('sh', ['-c', ': > "$1"', 'sh', fifo]),
    setup: () =>
      until('setup has begun', () => existsSync(w.path('begun')) && Number(readFileSync(w.path('begun'), 'utf8'))),
  };
}

async function serversOf(calls: Running[]): Promise<Set<string>> {
  const outcomes = await Promise.all(calls.map(({ outcome }) => outcome));
  expect(outcomes.map(({ status, stderr }) => `${status} ${stderr}`)).toEqual(calls.map(() => '0 '));
  expect(outcomes.map(({ stdout }) => stdout.split(' ')[0])).toEqual(calls.map((_, i) => `${i}`));
  return new Set(outcomes.map(({ stdout }) => stdout.split(' ')[1] as string));
}

test('calls that come while a server is being started are all served by it, each once', async () => {
  const w = workspace();
  const { script, release, setup } = slowScript(w);
  const env = { PREFORK_INTERP_START_LIMIT_MS: '1500' };
  const first = w.start(script, ['0'], { env });
  await setup();
  const others = Array.from({ length: 7 }, (_, i) => w.start(script, [`${i + 1}`], { env: { ...env, SOME: `${i}` } }));
  // They wait in the queue of the listener, and look at the lock now and then.
  const from = performance.now();
  await until('two limits have passed', () => performance.now() - from > 3300);
  release();
  expect((await serversOf([first, ...others])).size).toBe(1);
  const calls = readFileSync(w.path('calls'), 'utf8').trim().split('\n').sort();
  expect(calls).toEqual(Array.from({ length: 8 }, (_, i) => `${i} false`));
});

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a starter that dies by %s: one of those who wait takes over',
  async (signal) => {
    const w = workspace();
    const { script, setup } = slowScript(w);
    const starter = w.start(script, ['x']);
    const pid = await setup();
    const others = Array.from({ length: 4 }, (_, i) => w.start(script, [`${i}`]));
    starter.kill(signal);
    expect((await starter.outcome).signal).toBe(signal);
    expect((await serversOf(others)).size).toBe(1);
    await until('its setup has gone', () => !alive(pid));
    expect(readFileSync(w.path('calls'), 'utf8').trim().split('\n').sort()).toEqual(
      ['0', '1', '2', '3'].map((n) => `${n} false`),
    );
  },
);

test('one server from every directory; --kill works from every directory, and says when there was nothing', async () => {
  const w = workspace();
  const script = w.script(
    'where.cjs',
    'process.preforkInterp?.initialisationComplete(); console.log(process.cwd(), process.ppid);',
  );
  const places = [w.directory, '/', '/usr'];
  const outcomes = [];
  for (const cwd of places) outcomes.push((await w.run(script, [], { cwd })).stdout.trim().split(' '));
  expect(outcomes.map(([cwd]) => cwd)).toEqual(places);
  expect(new Set(outcomes.map(([, server]) => server)).size).toBe(1);
  const kill = () => w.run(CLIENT, ['-U', '--kill', 'node', script], { cwd: '/proc' });
  // The script's `#!` line has the same words as the command line, so that it is the same server.
  expect(await kill()).toMatchObject({ status: 0, stdout: '', stderr: '' });
  await w.empty();
  expect(await kill()).toMatchObject({
    status: 0,
    stdout: '',
    stderr: `prefork-interp: no server of ${script} to end\n`,
  });
});

test('-f starts a fresh server, once, for a call of version 2', async () => {
  const w = workspace();
  const script = w.script('pid.cjs', 'process.preforkInterp?.initialisationComplete(); console.log(process.ppid);');
  const before = (await w.run(script)).stdout;
  const fresh = (await w.run(CLIENT, ['-U', '-f', 'node', script])).stdout;
  expect(fresh).toMatch(/^\d+\n$/);
  expect(fresh).not.toBe(before);
  expect((await w.run(script)).stdout).toBe(fresh);
});
