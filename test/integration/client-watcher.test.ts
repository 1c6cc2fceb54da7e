/** The watcher, alone and beside a server: what it notices, what it holds, and that it does nothing otherwise. */
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import { alive, descriptorsOf, environmentOf, processOf } from '../support/processes.js';
import { Running } from '../support/running.js';
import { HAS_STRACE } from '../support/strace.js';
import { until } from '../support/until.js';
import { V1Script } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** Makes a socket, which is then only a name: nobody listens there any more. */
async function makeSocket(path: string): Promise<void> {
  const server = createServer().listen(path);
  await once(server, 'listening');
  // close() would remove the name, which is to stay.
  linkSync(path, `${path}.kept`);
  server.close();
  await once(server, 'close');
  renameSync(`${path}.kept`, path);
}

const NAME = 'prefork-interp: watcher';

interface Watched {
  socket: string;
  watcher: Running;
}

/** A watcher by itself, started as a client would start it: by a name of its own, in an empty environment. */
async function watch(w: Workspace, before: string[] = []): Promise<Watched> {
  const socket = join(w.runDirectory, 'swatched');
  await makeSocket(socket);
  const { dev, ino } = statSync(socket, { bigint: true });
  const [command, ...args] = [
    ...before,
    'perl',
    '-e',
    'exec { shift } @ARGV',
    CLIENT,
    NAME,
    socket,
    `${dev}`,
    `${ino}`,
  ];
  const watcher = new Running(command as string, args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { PATH: '/usr/bin:/bin' },
  });
  onTestFinished(() => watcher.kill('SIGKILL'));
  return { socket, watcher };
}

/** Waits until it has its watches and sleeps. */
async function waits({ watcher }: Watched): Promise<void> {
  await until('the watcher waits', () => {
    const watches = [...descriptorsOf(watcher.pid)].find(([, name]) => name === 'anon_inode:inotify')?.[0];
    if (watches === undefined || processOf(watcher.pid)?.state !== 'S') return false;
    return readFileSync(`/proc/${watcher.pid}/fdinfo/${watches}`, 'utf8').includes('inotify wd:');
  });
}

/** Processor time in clock ticks, and how often it has slept: both stand still while it does nothing. */
function exertion(pid: number): { ticks: number; sleeps: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const sleeps = /^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { ticks: Number(stat[11]) + Number(stat[12]), sleeps: Number(sleeps) };
}

type Change = (socket: string, directory: string) => void;

function moveAway(path: string): void {
  renameSync(path, `${path}.moved`);
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
    renameSync(`${path}.moved`, path);
  });
}

const GOING: Record<string, Change> = {
  'the socket is removed': (socket) => unlinkSync(socket),
  'the socket is moved away': (socket) => renameSync(socket, `${socket}.moved`),
  'another file is moved over it': (socket) => {
    writeFileSync(`${socket}.new`, '');
    renameSync(`${socket}.new`, socket);
  },
  'it is removed and made anew': (socket) => {
    unlinkSync(socket);
    writeFileSync(socket, '');
  },
  'a link to it takes its place': (socket) => {
    renameSync(socket, `${socket}.real`);
    symlinkSync(`${socket}.real`, socket);
  },
  'the run directory is moved away': (_, directory) => moveAway(directory),
  'another run directory takes its place': (_, directory) => {
    moveAway(directory);
    mkdirSync(directory);
  },
  'the run directory is removed': (_, directory) => rmSync(directory, { recursive: true }),
  'a directory above it is moved away': (_, directory) => moveAway(dirname(directory)),
  'a directory above it is replaced by a file': (_, directory) => {
    moveAway(dirname(directory));
    writeFileSync(dirname(directory), '');
  },
};

test.each(Object.entries(GOING))('%s: it goes, without a word', async (_, change) => {
  const w = workspace();
  const watched = await watch(w);
  await waits(watched);
  change(watched.socket, w.runDirectory);
  expect(await watched.watcher.outcome).toMatchObject({ status: 0, stderr: '' });
});

test('a socket that is another one, or gone, before it looks: it goes at once', async () => {
  const w = workspace();
  const gone = join(w.runDirectory, 'sgone');
  const other = join(w.runDirectory, 'sother');
  await makeSocket(other);
  for (const socket of [gone, other]) {
    const args = ['-e', 'exec { shift } @ARGV', CLIENT, NAME, socket, '1', '2'];
    expect(await w.run('perl', args, { stdio: ['pipe', 'pipe', 'pipe'] })).toMatchObject({ status: 0, stderr: '' });
  }
});

const STAYING: Record<string, Change> = {
  'chmod of the socket': (socket) => chmodSync(socket, 0o600),
  'touch of the socket': (socket) => utimesSync(socket, 1, 1),
  'another link to it': (socket) => linkSync(socket, `${socket}.link`),
  'another link to it, removed': (socket) => {
    linkSync(socket, `${socket}.link`);
    unlinkSync(`${socket}.link`);
  },
  'files that come and go beside it': (_, directory) => {
    for (let i = 0; i < 100; i++) writeFileSync(join(directory, `l${i}`), '');
    for (let i = 0; i < 100; i++) unlinkSync(join(directory, `l${i}`));
  },
  'chmod of the directory': (_, directory) => chmodSync(directory, 0o711),
  'the directory moved away and back': (_, directory) => {
    renameSync(directory, `${directory}.moved`);
    renameSync(`${directory}.moved`, directory);
  },
};

test.each(Object.entries(STAYING))('%s: it stays, and is at rest again', async (_, change) => {
  const w = workspace();
  const watched = await watch(w);
  await waits(watched);
  const { pid } = watched.watcher;
  const before = exertion(pid);
  // Stopped meanwhile, so that it sees all of the change at once, and not half of it.
  watched.watcher.kill('SIGSTOP');
  change(watched.socket, w.runDirectory);
  watched.watcher.write('wake up');
  watched.watcher.kill('SIGCONT');
  let last = before.sleeps;
  await until('it has woken up and is at rest', () => {
    const { sleeps } = exertion(pid);
    const still = sleeps === last;
    last = sleeps;
    return still && sleeps > before.sleeps && processOf(pid)?.state === 'S';
  });
  const after = exertion(pid);
  expect(after.sleeps - before.sleeps, 'it woke up for the events, and not over and over').toBeLessThan(10);
  expect(after.ticks - before.ticks).toBeLessThan(5);
  watched.watcher.endInput();
  expect(await watched.watcher.outcome).toMatchObject({ status: 0, stderr: '' });
});

test('it goes when its standard input closes, and not when something is written there', async () => {
  const watched = await watch(workspace());
  await waits(watched);
  const { watcher } = watched;
  const { sleeps } = exertion(watcher.pid);
  watcher.write('x'.repeat(5000));
  await until('it has read that', () => exertion(watcher.pid).sleeps > sleeps);
  await waits(watched);
  watcher.endInput();
  expect(await watcher.outcome).toMatchObject({ status: 0, stderr: '' });
});

test('more events than the queue holds: the removal among them is noticed', async () => {
  const watched = await watch(workspace());
  await waits(watched);
  const { socket, watcher } = watched;
  watcher.kill('SIGSTOP');
  const limit = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  // Different ones, because the queue joins equal events that follow each other (inotify(7)).
  for (let i = 0; i < limit; i++) {
    renameSync(socket, `${socket}.x`);
    chmodSync(`${socket}.x`, 0o600);
    renameSync(`${socket}.x`, socket);
  }
  unlinkSync(socket);
  watcher.kill('SIGCONT');
  expect(await watcher.outcome).toMatchObject({ status: 0, stderr: '' });
});

test('a socket that it may no longer look at: one line, and it goes', async ({ skip }) => {
  if (process.getuid?.() === 0) skip('root may look at everything');
  const w = workspace();
  const watched = await watch(w);
  await waits(watched);
  chmodSync(w.runDirectory, 0);
  onTestFinished(() => chmodSync(w.runDirectory, 0o700));
  watched.watcher.write('look');
  const outcome = await watched.watcher.outcome;
  expect(outcome.stderr).toMatch(/^prefork-interp: watcher: cannot look at .*: Permission denied\n$/);
});

test('beside a server: its own session, name and empty environment, and nothing open but its pipes and its watch', async () => {
  const w = workspace();
  const s = new V1Script(w);
  // A lock, a listener and the caller's descriptors are there to be inherited by mistake.
  const outcome = await w.shell('exec 7</etc/passwd; "$@" 2>err', [CLIENT, ...s.arguments(['exit', '0'])]);
  expect(outcome.status).toBe(0);
  const [watcher, ...others] = w.watchers();
  expect(others).toEqual([]);
  const { pid, parent, session, group, commandLine } = watcher as NonNullable<typeof watcher>;
  const [socket] = w.rendezvous().filter((name) => name.startsWith('s'));
  const { dev, ino } = statSync(join(w.runDirectory, socket as string), { bigint: true });
  expect(commandLine).toBe(`prefork-interp: watcher ${w.runDirectory}/${socket} ${dev} ${ino}`);
  expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('prefork-watcher\n');
  expect(environmentOf(pid).size).toBe(0);
  expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/');
  expect(session, "neither leader of a session nor in the caller's").not.toBe(pid);
  expect([session, group]).not.toContain(processOf(process.pid)?.session);
  expect(parent).not.toBe(process.pid);
  const kinds = new Map([...descriptorsOf(pid)].map(([fd, name]) => [fd, name.split(':[')[0]]));
  expect(kinds).toEqual(
    new Map([
      [0, 'pipe'],
      [1, '/dev/null'],
      [2, 'pipe'],
      [3, 'anon_inode:inotify'],
    ]),
  );
  expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/SigBlk:\s*0{16}\nSigIgn:\s*0{16}\n/);
});

test('when the server is killed the watcher goes; when the watcher is killed the server goes', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const first = await s.server();
  process.kill(first.pid, 'SIGKILL');
  await w.empty();
  const second = await s.server();
  expect(second.pid).not.toBe(first.pid);
  process.kill(w.watchers()[0]?.pid as number, 'SIGKILL');
  await w.empty();
  expect(await s.run(['exit', '3'])).toMatchObject({ status: 3, stderr: '' });
});

test('a copy of the program that is removed once the server runs goes on watching', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const copy = w.path('client');
  copyFileSync(CLIENT, copy);
  expect(await w.run(copy, s.arguments(['exit', '4']))).toMatchObject({ status: 4 });
  unlinkSync(copy);
  const [watcher] = w.watchers();
  rmSync(w.runDirectory, { recursive: true });
  await until('the watcher has gone', () => !alive(watcher?.pid as number));
  await w.empty();
});

test.skipIf(!HAS_STRACE).each(['inotify_init1', 'inotify_add_watch'])(
  'without %s it looks now and then',
  async (call) => {
    const w = workspace();
    const trace = w.path('trace');
    const { socket, watcher } = await watch(w, [
      'strace',
      '-qq',
      '-o',
      trace,
      '-e',
      'trace=poll,lstat,newfstatat',
      '-e',
      `inject=${call}:error=ENOSPC`,
    ]);
    const looks = () => (existsSync(trace) ? readFileSync(trace, 'utf8').split(`"${socket}"`).length - 1 : 0);
    await until('it has looked once', () => looks() > 0);
    unlinkSync(socket);
    expect(await watcher.outcome).toMatchObject({ status: 0, stderr: '' });
    expect(looks(), 'not over and over').toBeLessThan(5);
  },
);
