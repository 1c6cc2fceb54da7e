/** A call of version 2 that has started: signals go to the script, and the client ends as the script does. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import * as native from '../../src/native.js';
import {
  type Conversation,
  continued,
  ended,
  FakeV2,
  handleOf,
  RELAYED,
  raw,
  signalNumber,
  started,
  stopped,
} from '../support/fake-v2.js';
import { CLIENT } from '../support/paths.js';
import { descriptorsOf, syscallOf } from '../support/processes.js';
import type { Outcome, Running } from '../support/running.js';
import { HAS_STRACE, straced } from '../support/strace.js';
import { until } from '../support/until.js';
import { expectFailure } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** A call that has started, and whose client relays by now. */
async function startedCall(w: Workspace): Promise<{ fake: FakeV2; running: Running; call: Conversation }> {
  const fake = await FakeV2.start(w, (conversation) => conversation.begin());
  const running = fake.start();
  const call = await fake.conversation();
  await relaying(running);
  return { fake, running, call };
}

async function relaying({ pid }: { pid: number }): Promise<void> {
  await until('the client relays: it has let go of its output', () => !descriptorsOf(pid).has(1));
}

test('each signal that is sent to the client is relayed, once and with its number', async () => {
  const { running, call } = await startedCall(workspace());
  for (const name of RELAYED) {
    running.kill(name);
    expect(await call.signal(), name).toBe(signalNumber(name));
  }
  expect(call.unread).toEqual([]);
  await call.say(ended(0));
  expect(await running.outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test('signals that its caller has ignored or blocked are relayed all the same', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w, (conversation) => conversation.begin());
  const numbers = RELAYED.map(signalNumber);
  const source = `use POSIX; my @s = split(/,/, shift); $SIG{$_} = 'IGNORE' for qw(HUP INT TSTP WINCH);
    POSIX::sigprocmask(SIG_BLOCK, POSIX::SigSet->new(@s)); exec @ARGV;`;
  const running = w.start('perl', ['-e', source, numbers.join(','), ...fake.command()]);
  const call = await fake.conversation();
  await relaying(running);
  for (const name of RELAYED) {
    running.kill(name);
    expect(await call.signal(), name).toBe(signalNumber(name));
  }
  await call.say(ended(0));
  expect(await running.outcome).toMatchObject({ status: 0 });
});

test('many signals at once: each is relayed, lower numbers first', async () => {
  const w = workspace();
  const { running, call } = await startedCall(w);
  // While it is stopped it cannot read any; the SIGCONT that lets it go on is one of them.
  running.kill('SIGSTOP');
  const names = ['SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGWINCH', 'SIGINT', 'SIGUSR1', 'SIGUSR1', 'SIGCONT'] as const;
  for (const name of names) running.kill(name);
  const seen: number[] = [];
  for (let i = 0; i < 7; i++) seen.push(await call.signal());
  const sorted = [...new Set(names)].map(signalNumber).sort((a, b) => a - b);
  expect(seen).toEqual(sorted);
  await call.say(ended(0));
  await running.outcome;
});

/** So many looks without a change mean that there will be none. */
const LOOKS = 20;

/** Sends signals until the connection, which nobody reads, takes no more. */
async function fillConnection(running: Running, call: Conversation): Promise<void> {
  call.socket.pause();
  let queued = 0;
  let looks = 0;
  await until('the connection is full', () => {
    for (const name of ['SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGWINCH'] as const) running.kill(name);
    const now = native.queued(handleOf(call));
    looks = now === queued && now > 0 ? looks + 1 : 0;
    queued = now;
    return looks === LOOKS;
  });
}

test('a server that reads nothing for a while gets each signal in the end', async () => {
  const w = workspace();
  const { running, call } = await startedCall(w);
  await fillConnection(running, call);
  running.kill('SIGALRM');
  running.kill('SIGQUIT');
  call.socket.resume();
  const seen: number[] = [];
  await until('both have come', async () => {
    seen.push(await call.signal());
    return seen.includes(signalNumber('SIGALRM')) && seen.includes(signalNumber('SIGQUIT'));
  });
  await call.say(ended(0));
  expect(await running.outcome).toMatchObject({ status: 0 });
});

test('a server that reads nothing and says how the call ended is listened to', async () => {
  const w = workspace();
  const { running, call } = await startedCall(w);
  await fillConnection(running, call);
  await call.say(ended(7 << 8));
  expect(await running.outcome).toMatchObject({ status: 7, stderr: '' });
});

/** A server that takes each call and says whatever `saying` holds at that time. */
async function sayingServer(w: Workspace): Promise<(...bytes: Buffer[]) => Promise<Outcome>> {
  let saying: Buffer[] = [];
  const fake = await FakeV2.start(w, async (conversation) => {
    await conversation.call();
    conversation.socket.end(Buffer.concat(saying));
  });
  return (...bytes) => {
    saying = bytes;
    return fake.run();
  };
}

test('exit statuses 0 to 255', async () => {
  const says = await sayingServer(workspace());
  for (let code = 0; code < 256; code++) {
    expect(await says(started(), ended(code << 8))).toMatchObject({
      status: code,
      signal: null,
      stdout: '',
      stderr: '',
    });
  }
});

test('the parent sees the signal that ended the script, whichever it was, and never a core dump of ours', async () => {
  const w = workspace();
  const says = await sayingServer(w);
  const deadly = Object.entries(constants.signals).filter(
    ([name]) => !/^SIG(CHLD|CONT|STOP|TSTP|TTIN|TTOU|URG|WINCH)$/.test(name),
  );
  expect(deadly.length).toBeGreaterThan(20);
  for (const [name, number] of deadly) {
    for (const status of [number, number | 0x80]) {
      const outcome = await says(started(), ended(status));
      expect({ signal: outcome.signal && constants.signals[outcome.signal], stderr: outcome.stderr }, name).toEqual({
        signal: number,
        stderr: '',
      });
    }
  }
});

test('the very wait status: real-time signals too, and no core bit where core dumps are allowed', async () => {
  const w = workspace();
  const statuses = [...Array.from({ length: 31 }, (_, i) => 34 + i), 11, 11 | 0x80, 3 | 0x80, 6 | 0x80];
  let next = 0;
  const fake = await FakeV2.start(w, async (conversation) => {
    await conversation.call();
    conversation.socket.end(Buffer.concat([started(), ended(statuses[next++] as number)]));
  });
  const source = 'my $n = shift; for (1 .. $n) { system { $ARGV[0] } @ARGV; print "$?\n" }';
  const line = 'ulimit -c unlimited 2>/dev/null; exec perl -e "$@"';
  const { stdout } = await w.shell(line, [source, String(statuses.length), ...fake.command()]);
  expect(stdout.trim().split('\n').map(Number)).toEqual(statuses.map((status) => status & 0x7f));
});

/** Makes the client process 1 of a PID namespace (pid_namespaces(7)), where that is allowed. */
const CONTAINER = ['unshare', ...(process.getuid?.() === 0 ? [] : ['-r']), '--pid', '--fork', '--kill-child'];

function canContain(): boolean {
  return spawnSync(CONTAINER[0] as string, [...CONTAINER.slice(1), 'true']).status === 0;
}

test.skipIf(!canContain())(
  'process 1 of a container relays signals, is not stopped, and exits with 128 and the number',
  async () => {
    const w = workspace();
    const fake = await FakeV2.start(w, (conversation) => conversation.begin());
    const running = w.start(CONTAINER[0] as string, [...CONTAINER.slice(1), ...fake.command()]);
    const call = await fake.conversation();
    const find = () => w.processes().find(({ commandLine }) => commandLine.startsWith(CLIENT));
    const { pid } = await until('the client runs', find);
    await relaying({ pid });
    for (const name of ['SIGTERM', 'SIGUSR2', 'SIGTSTP'] as const) {
      process.kill(pid, name);
      expect(await call.signal(), name).toBe(signalNumber(name));
    }
    for (const name of ['SIGTSTP', 'SIGSTOP'] as const) {
      await call.say(stopped(signalNumber(name)));
      expect(await call.signal(), name).toBe(signalNumber('SIGCONT'));
      await call.say(continued());
    }
    await call.say(ended(signalNumber('SIGKILL')));
    expect(await running.outcome).toMatchObject({ status: 128 + signalNumber('SIGKILL'), stderr: '' });
  },
);

test('where a signal does not end it, the exit status is 128 and its number', async () => {
  const says = await sayingServer(workspace());
  // The default action of these is to do nothing.
  for (const name of ['SIGCHLD', 'SIGURG', 'SIGWINCH'] as const) {
    expect(await says(started(), ended(signalNumber(name)))).toMatchObject({
      status: 128 + signalNumber(name),
      stderr: '',
    });
  }
});

test.each([
  ['stopped', 0x137f],
  ['continued', 0xffff],
  ['over 16 bits', 0x10000],
  ['all ones', 0xffff_ffff],
])('a wait status that is %s: one line, 127', async (_, status) => {
  const says = await sayingServer(workspace());
  expectFailure(await says(started(), ended(status)), String(status));
});

const LOST: [what: string, bytes: Buffer[], says: RegExp][] = [
  ['the end', [], /lost the server of .*script: it went without telling how the call ended/],
  [
    'the end within a message',
    [ended(0).subarray(0, 12)],
    /lost the server of .*script: what it was saying is cut short/,
  ],
  ['the end within a header', [ended(0).subarray(0, 3)], /cut short/],
  ['a second start', [started()], /has no meaning during a call/],
  ['a refusal', [raw('N')], /field/],
  ['a status without its number', [raw('E')], /field/],
  ['a stop by signal 9', [stopped(9)], /a stop by signal 9, which stops nothing/],
  ['another version', [Buffer.from([0x45, 3, 0, 0, 0, 0, 0, 0])], /version/],
  ['a body of 2^32-1 bytes', [Buffer.from([0x45, 2, 0, 0, 255, 255, 255, 255])], /long/],
  ['text', [Buffer.from('HTTP/1.1 400 Bad Request\r\n')], /script|version/],
];

test.each(LOST)('%s after the start: one line, 127, and nothing is run a second time', async (_, bytes, words) => {
  const w = workspace();
  const says = await sayingServer(w);
  expectFailure(await says(started(), ...bytes), words);
});

test('messages byte by byte, unknown kinds and fields between them', async () => {
  const w = workspace();
  const unknown = raw('x', Buffer.from('whatever is in here'));
  const bytes = Buffer.concat([unknown, started(), continued(), unknown, unknown, continued(), ended(9 << 8)]);
  const fake = await FakeV2.start(w, async (conversation) => {
    await conversation.call();
    for (const byte of bytes) await conversation.say(Buffer.from([byte]));
  });
  expect(await fake.run()).toMatchObject({ status: 9, stderr: '' });
});

test('a thousand messages at once', async () => {
  const says = await sayingServer(workspace());
  expect(await says(started(), ...new Array<Buffer>(1000).fill(continued()), ended(4 << 8))).toMatchObject({
    status: 4,
  });
});

test('while it relays it has let go of standard input and output, not of standard error', async () => {
  const { running, call } = await startedCall(workspace());
  const open = descriptorsOf(running.pid);
  expect([0, 1, 2].map((fd) => open.has(fd))).toEqual([false, false, true]);
  // Beside them what the caller had open: neither its directory nor anything else by a name.
  const others = [...open].filter(([fd]) => fd > 2).map(([, what]) => what.replace(/:\[\d+\]$/, ''));
  expect(others.filter((what) => what !== 'socket' && what !== 'pipe')).toEqual(['anon_inode:[signalfd]']);
  await call.say(ended(0));
  await running.outcome;
});

test('a session leader without a terminal relays and ends like any other', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w, (conversation) => conversation.begin());
  const running = w.start('setsid', ['--wait', ...fake.command()]);
  const call = await fake.conversation();
  const { pid } = await until('the client runs', () =>
    w.processes().find(({ commandLine }) => commandLine.startsWith(CLIENT)),
  );
  await relaying({ pid });
  process.kill(pid, 'SIGUSR1');
  expect(await call.signal()).toBe(signalNumber('SIGUSR1'));
  await call.say(ended(8 << 8));
  expect(await running.outcome).toMatchObject({ status: 8 });
});

/** The number of prctl(2), by process.arch. */
const PRCTL: Record<string, number> = { x64: 157, arm64: 167 };

test.skipIf(!HAS_STRACE)('the script ends by a signal while others wait: the client ends by that one', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w, (conversation) => conversation.begin());
  // Held up on its way to its end: it reads no more signals, and the one to end by is not sent yet.
  const inject = 'inject=prctl:delay_enter=2000000';
  const running = straced(w, ['-e', inject, '-e', 'trace=prctl'], fake.command());
  const call = await fake.conversation();
  const find = () => w.processes().find(({ commandLine }) => commandLine.startsWith(CLIENT));
  const { pid } = await until('the client runs', find);
  await relaying({ pid });
  await call.say(ended(signalNumber('SIGUSR2')));
  await until('the client is about to end', () => syscallOf(pid) === PRCTL[process.arch]);
  for (const name of ['SIGHUP', 'SIGTERM', 'SIGTSTP'] as const) process.kill(pid, name);
  expect(await running.outcome).toMatchObject({ signal: 'SIGUSR2' });
});
