/** Setup: what it is started with, and what becomes of a call whose setup does not become a server. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import { alive, descriptorsOf, environmentOf } from '../support/processes.js';
import type { StartOptions } from '../support/running.js';
import { until } from '../support/until.js';
import { expectFailure, V1Script } from '../support/v1-server.js';
import { workspace } from '../support/workspace.js';

/** Runs the client with an initialisation that is a shell script. */
function setUp(w: ReturnType<typeof workspace>, source: string, options?: StartOptions & { args?: string[] }) {
  const script = w.write('setup.sh', source);
  return w.run(CLIENT, ['-U', 'sh', script, ...(options?.args ?? [])], options);
}

const SIGNALS: NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGABRT',
  'SIGKILL',
  'SIGSEGV',
  'SIGPIPE',
  'SIGTERM',
  'SIGUSR1',
];

test('a setup that fails: its own output and status, nothing of ours, nothing left', async () => {
  const w = workspace();
  for (const status of [1, 2, 42, 126, 127, 255]) {
    const outcome = await setUp(w, `echo out; echo err >&2; exit ${status}`);
    expect(outcome).toMatchObject({ status, signal: null, stdout: '', stderr: 'out\nerr\n' });
    expect(w.rendezvous()).toEqual([]);
    await w.empty();
  }
});

test('a setup that a signal ends: the client ends by the same, without a core dump', async () => {
  const w = workspace();
  for (const signal of SIGNALS) {
    const outcome = await setUp(w, `kill -${signal.slice(3)} $$`);
    expect(outcome).toMatchObject({ status: null, signal, stdout: '', stderr: '' });
    expect(w.rendezvous()).toEqual([]);
    await w.empty();
  }
});

test('a setup that ends well without having become a server: one line, 127', async () => {
  const w = workspace();
  const script = w.write('setup.sh', ':');
  expectFailure(await w.run(CLIENT, ['-U', 'sh', script]), script, /initialisation complete/);
  expect(w.rendezvous()).toEqual([]);
  await w.empty();
});

test('an interpreter that cannot be executed after all: one line, 127', async () => {
  const w = workspace();
  const interpreter = w.write('broken', '#!/no/such/program\n');
  chmodSync(interpreter, 0o755);
  expectFailure(await w.run(CLIENT, ['-U', interpreter, 'script']), interpreter, /No such file/);
  expect(w.rendezvous()).toEqual([]);
  await w.empty();
});

test('standard input is /dev/null, standard output is the standard error of the caller', async () => {
  const w = workspace();
  const outcome = await setUp(w, 'readlink /proc/$$/fd/0; test /proc/$$/fd/1 -ef /proc/$$/fd/2 && echo same; exit 3', {
    input: 'not for setup',
  });
  expect(outcome).toMatchObject({ status: 3, stdout: '', stderr: '/dev/null\nsame\n' });
});

test('of the descriptors only the standard ones and the four are open; the listener and the watcher do not block', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const held = await s.hold();
  const running = w.start('sh', [
    '-c',
    'exec 3</etc/passwd 9>/dev/null 5<&3; exec "$@"',
    'sh',
    CLIENT,
    ...s.arguments(['exit', '8']),
  ]);
  const { pid } = await s.setup();
  const told = /v1,(\d+\.\d{9}) (\d+),(\d+),(\d+),(\d+)/.exec(environmentOf(pid).get('PREFORK_INTERP') ?? '');
  const [listener, call, input, errors] = (told ?? []).slice(2).map(Number) as [number, number, number, number];
  const open = await until('setup has closed its log and waits', () => {
    const found = descriptorsOf(pid);
    return [...found.values()].some((name) => name.endsWith('.log')) ? undefined : found;
  });
  const others = [...open.keys()].filter((fd) => fd > 2);
  expect(others.sort()).toEqual([listener, call, input, errors].sort());
  expect(open.get(0)).toBe('/dev/null');
  expect([listener, call].map((fd) => open.get(fd)?.split(':')[0])).toEqual(['socket', 'socket']);
  expect([input, errors].map((fd) => open.get(fd)?.split(':')[0])).toEqual(['pipe', 'pipe']);
  const flags = (fd: number) =>
    Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8);
  expect(flags(listener) & 0o4000, 'the listener is non-blocking').toBeTruthy();
  expect(flags(errors) & 0o4000, "the watcher's errors are non-blocking").toBeTruthy();
  expect(flags(call) & 0o4000, 'the first call is blocking').toBe(0);
  expect(flags(input) & 0o3, "the watcher's input is for writing").toBe(1);
  const socket = w.rendezvous().find((name) => name.startsWith('s')) as string;
  const { mtimeNs, mode } = statSync(`${w.runDirectory}/${socket}`, { bigint: true });
  expect(told?.[1]).toBe(`${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n).padStart(9, '0')}`);
  expect(Number(mode & 0o777n)).toBe(0o600);
  held.release();
  expect(await running.outcome).toMatchObject({ status: 8, stderr: '' });
});

test("the environment is the caller's, but for our own variable", async () => {
  const w = workspace();
  const env = {
    KEPT: 'yes',
    PREFORK_INTERP: 'stale',
    PREFORK_INTERPRETER: 'kept',
  };
  const { stderr } = await setUp(w, 'env; exit 1', { env });
  const names = new Map(
    stderr
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/, 2) as [string, string]),
  );
  expect(names.get('KEPT')).toBe('yes');
  expect(names.get('PREFORK_INTERPRETER')).toBe('kept');
  expect(names.get('PREFORK_INTERP')).toMatch(/^v1,\d+\.\d{9} \d+,\d+,\d+,\d+$/);
});

test("working directory, umask, limits and arguments are the caller's", async () => {
  const w = workspace();
  const script = w.write('setup.sh', 'pwd; umask; ulimit -n; printf "%s|" "$@"; exit 1');
  const { stderr } = await w.shell('umask 027; ulimit -n 77; exec "$@"', [CLIENT, '-U', 'sh', script, 'a b', '', '-f']);
  expect(stderr).toBe(`${w.directory}\n0027\n77\na b||-f|`);
});

test('no signal is ignored or blocked, whatever the caller ignores or blocks; a lost child status does not matter', async () => {
  const w = workspace();
  const source =
    'use POSIX; $SIG{$_} = "IGNORE" for qw(HUP INT QUIT PIPE TERM CHLD USR1 TSTP);' +
    'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGALRM, SIGUSR2, SIGCHLD)); exec @ARGV;';
  const script = w.write('setup.sh', 'grep -E "^Sig(Ign|Blk)" /proc/self/status; exit 4');
  const outcome = await w.run('perl', ['-e', source, CLIENT, '-U', 'sh', script]);
  expect(outcome.status).toBe(4);
  expect(outcome.stderr.match(/Sig(Ign|Blk):\s*0{16}$/gm)).toHaveLength(2);
});

test('the lock is held while setup runs, and by the client alone', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const held = await s.hold();
  const running = s.start(['exit', '0']);
  await s.setup();
  const [lock] = w.rendezvous().filter((name) => name.startsWith('l'));
  const locked = async () => (await w.shell('flock --nonblock "$1" true', [`${w.runDirectory}/${lock}`])).status !== 0;
  expect(await locked()).toBe(true);
  for (const { pid } of w.processes()) {
    const has = [...descriptorsOf(pid).values()].some((name) => name.endsWith(`/${lock}`));
    expect(has, `${pid}`).toBe(pid === running.pid);
  }
  held.release();
  expect(await running.outcome).toMatchObject({ status: 0 });
  expect(await locked()).toBe(false);
  for (const { pid } of w.processes()) {
    expect([...descriptorsOf(pid).values()].filter((name) => name.endsWith(`/${lock}`))).toEqual([]);
  }
});

test('a client that is killed takes its setup with it, and the next call starts anew', async () => {
  const w = workspace();
  const s = new V1Script(w);
  await s.hold();
  const running = s.start(['exit', '0']);
  const { pid } = await s.setup();
  running.kill('SIGKILL');
  expect(await running.outcome).toMatchObject({ signal: 'SIGKILL' });
  await until('setup has ended', () => !alive(pid));
  await w.empty();
  execFileSync('rm', [`${s.script}.go`]);
  expect(await s.run(['exit', '5'])).toMatchObject({ status: 5, stderr: '' });
});

test('a call that comes while another starts the server waits for that, and is served by it', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const held = await s.hold();
  const first = s.start(['exit', '1']);
  await s.setup();
  const second = s.start(['exit', '2']);
  const third = w.start(CLIENT, s.arguments(['exit', '3']));
  held.release();
  expect(await first.outcome).toMatchObject({ status: 1, stderr: '' });
  expect(await second.outcome).toMatchObject({ status: 2, stderr: '' });
  expect(await third.outcome).toMatchObject({ status: 3, stderr: '' });
  expect(s.setups()).toBe(1);
});

test('a call that waits for a setup that then fails starts one itself', async () => {
  const w = workspace();
  const gate = w.path('gate');
  execFileSync('mkfifo', [gate]);
  const script = w.write('setup.sh', `echo ready >&2; read line <${gate}; exit 6`);
  const first = w.start(CLIENT, ['-U', 'sh', script]);
  await first.says(/ready/, 'stderr');
  const second = w.start(CLIENT, ['-U', 'sh', script]);
  w.shell(`echo >${gate}`);
  expect(await first.outcome).toMatchObject({ status: 6, stderr: 'ready\n' });
  await second.says(/ready/, 'stderr');
  w.shell(`echo >${gate}`);
  expect(await second.outcome).toMatchObject({ status: 6, stderr: 'ready\n' });
  expect(w.rendezvous()).toEqual([]);
});
