/** What a client makes of a server's answer to the offer of a call, and of none: nothing is run twice, and something always is. */
import { copyFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
  continued,
  DIRECT,
  ended,
  FakeV2,
  field,
  PID,
  RELAYED,
  raw,
  refused,
  signalNumber,
  started,
  stopped,
  TAG,
} from '../support/fake-v2.js';
import { Job } from '../support/job.js';
import { CLIENT } from '../support/paths.js';
import { descriptorsOf, processOf, syscallOf } from '../support/processes.js';
import type { Running } from '../support/running.js';
import { HAS_STRACE, straced } from '../support/strace.js';
import { until } from '../support/until.js';
import { expectFailure } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** So short that a test which waits for it is not held up. */
const SHORT_MS = '200';
/** So long that nothing in a test waits for it. */
const LONG_MS = '60000';

/** A server that takes a call and then says nothing. */
async function silentServer(w: Workspace, limit: string): Promise<FakeV2> {
  w.env['PREFORK_INTERP_START_LIMIT_MS'] = limit;
  return FakeV2.start(w);
}

/** What a client says on standard error where it was asked to tell why it runs the script directly. */
async function explained(w: Workspace, fake: FakeV2): Promise<string> {
  const outcome = await fake.run([], { env: { ...w.env, PREFORK_INTERP_DEBUG: '1' } });
  expect(outcome).toMatchObject({ ...DIRECT, stderr: outcome.stderr });
  return outcome.stderr;
}

/** What a server has not read holds the client's descriptors, and so keeps the pipe open that its output goes into. */
async function runDirectlyUnread(fake: FakeV2, args: string[]): Promise<void> {
  const running = fake.start(args);
  await running.says(/^direct x/);
  (await fake.conversation()).socket.destroy();
  expect(await running.outcome).toMatchObject({ status: 3, stderr: '' });
}

const NOTHING_WAS_RUN: [what: string, bytes: Buffer, why: RegExp][] = [
  ['a refusal', refused('no room for it'), /no room for it/],
  ['a refusal behind unknown messages', Buffer.concat([raw('x'), raw('y', field(99, 1)), refused('busy')]), /busy/],
  ['the end of the executor', ended(9), /wait status 9/],
  ['a stop, and then a refusal', Buffer.concat([stopped(19), continued(), refused('late')]), /late/],
  ['the greeting of version 1', Buffer.from('PFI\n\0\0\0\0', 'latin1'), /no answer/],
  ['text of another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /no answer/],
  ['a reply that was not asked for', raw('R', field(TAG.pid, PID)), /no answer/],
  ['a start without a process', raw('S'), /no answer/],
  ['a start of a wrong length', raw('S', field(TAG.pid, Buffer.alloc(3))), /no answer/],
  ['a start of another version', Buffer.from([0x53, 3, 0, 0, 0, 0, 0, 0]), /no answer/],
  ['a body of 2^32-1 bytes', Buffer.from([0x53, 2, 0, 0, 255, 255, 255, 255]), /no answer/],
];

describe.each(NOTHING_WAS_RUN)('%s', (_, bytes, why) => {
  test('the script is run directly, and the reason can be had', async () => {
    const w = workspace();
    w.env['PREFORK_INTERP_START_LIMIT_MS'] = LONG_MS;
    const fake = await FakeV2.start(w, async (conversation) => {
      await conversation.call();
      await conversation.say(bytes);
    });
    expect(await fake.run()).toEqual(DIRECT);
    expect(fake.calls).toHaveLength(1);
    expect(await explained(w, fake)).toMatch(why);
  });

  test('before the call has been read: the same', async () => {
    const w = workspace();
    w.env['PREFORK_INTERP_START_LIMIT_MS'] = LONG_MS;
    const args = new Array<string>(10).fill('x'.repeat(131_000));
    const fake = await FakeV2.start(w, ({ socket }) => socket.end(bytes), { paused: true });
    await runDirectlyUnread(fake, args);
  });
});

test('nothing within the limit: the call is withdrawn, and the script run directly', async () => {
  const w = workspace();
  const fake = await silentServer(w, SHORT_MS);
  expect(await explained(w, fake)).toMatch(/did not take the call within 200 ms/);
  const conversation = await fake.conversation();
  await conversation.call();
  await until('the client has gone', () => conversation.ended);
});

test('nothing within the limit, and a server that has not even read the call', async () => {
  const w = workspace();
  w.env['PREFORK_INTERP_START_LIMIT_MS'] = SHORT_MS;
  const fake = await FakeV2.start(w, () => {}, { paused: true });
  await runDirectlyUnread(fake, new Array<string>(10).fill('x'.repeat(131_000)));
});

test('a server that talks and talks without an answer is late as well', async () => {
  const w = workspace();
  w.env['PREFORK_INTERP_START_LIMIT_MS'] = SHORT_MS;
  const chatter = Buffer.concat(new Array<Buffer>(100).fill(raw('x', Buffer.alloc(2000))));
  const fake = await FakeV2.start(w, async (conversation) => {
    await conversation.call();
    while (!conversation.socket.destroyed && !conversation.ended) await conversation.say(chatter);
  });
  expect(await fake.run()).toEqual(DIRECT);
});

test('half an answer within the limit is none', async () => {
  const w = workspace();
  w.env['PREFORK_INTERP_START_LIMIT_MS'] = SHORT_MS;
  const fake = await FakeV2.start(w, async (conversation) => {
    await conversation.call();
    await conversation.say(started().subarray(0, 19));
  });
  expect(await fake.run()).toEqual(DIRECT);
});

test('what is said after the withdrawal is not heard: the server is told by EPIPE', async () => {
  const w = workspace();
  const fake = await silentServer(w, SHORT_MS);
  const outcome = await fake.run();
  expect(outcome).toEqual(DIRECT);
  const { socket } = await fake.conversation();
  const refusal = await new Promise<NodeJS.ErrnoException | undefined | null>((told) => socket.write(started(), told));
  expect(refusal?.code).toBe('EPIPE');
});

/** Signals that end a process by default, but for SIGPIPE, which Node ignores. */
const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM'] as const;

/** Waits until the client has sent its call and waits for an answer. */
async function offered(fake: FakeV2, running: Running, nth = 0) {
  const conversation = await fake.conversation(nth);
  await conversation.call();
  await until('the client sleeps', () => processOf(running.pid)?.state === 'S');
  return conversation;
}

test.each(ENDING)('%s before the start: the client ends by it, and nothing is run', async (signal) => {
  const w = workspace();
  const fake = await silentServer(w, LONG_MS);
  const running = fake.start();
  const conversation = await offered(fake, running);
  running.kill(signal);
  expect(await running.outcome).toMatchObject({ status: null, signal, stdout: '', stderr: '' });
  await until('the connection is closed', () => conversation.ended);
  expect(fake.calls).toHaveLength(1);
});

test.each(['SIGWINCH', 'SIGCONT', 'SIGPIPE'] as const)('%s before the start waits for it', async (signal) => {
  const w = workspace();
  const fake = await silentServer(w, LONG_MS);
  const running = fake.start();
  const conversation = await offered(fake, running);
  running.kill(signal);
  await conversation.say(started());
  expect(await conversation.signal()).toBe(signalNumber(signal));
  await conversation.say(ended(1 << 8));
  expect(await running.outcome).toMatchObject({ status: 1 });
});

test.each(RELAYED)('%s that comes while the start is in the queue is relayed', async (signal) => {
  const w = workspace();
  const fake = await silentServer(w, LONG_MS);
  const running = fake.start();
  const conversation = await offered(fake, running);
  // Stopped, it sees neither; let go on, both.
  running.kill('SIGSTOP');
  await until('the client is stopped', () => processOf(running.pid)?.state === 'T');
  await conversation.say(started());
  if (signal.startsWith('SIGT') && signal !== 'SIGTERM') {
    // The kernel drops what would stop when it continues, and the other way round: this one is sent to a process that runs.
    running.kill('SIGCONT');
    expect(await conversation.signal()).toBe(constants.signals.SIGCONT);
    running.kill(signal);
  } else {
    running.kill(signal);
    running.kill('SIGCONT');
  }
  const expected = signalNumber(signal);
  const seen = [await conversation.signal()];
  if (seen[0] !== expected) seen.push(await conversation.signal());
  expect(seen).toContain(expected);
  await conversation.say(ended(2 << 8));
  expect(await running.outcome).toMatchObject({ status: 2 });
});

test.each(['SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const)(
  '%s before the start: the call is withdrawn while the client is stopped, and offered anew',
  async (signal) => {
    const w = workspace();
    const fake = await silentServer(w, LONG_MS);
    const job = await Job.start(w, fake.command());
    const first = await fake.conversation();
    await first.call();
    job.kill(signal);
    expect(await job.change()).toBe(`stopped ${signalNumber(signal)}`);
    await until('the first offer has ended', () => first.ended);
    expect(fake.calls).toHaveLength(1);
    job.kill('SIGCONT');
    const second = await fake.conversation(1);
    await second.call();
    await second.say(started(), ended(4 << 8));
    expect(await job.end()).toBe(`ended ${4 << 8}`);
  },
);

test('signals are to a script that is run directly what its caller has made of them', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w, async (conversation) => {
    await conversation.call();
    await conversation.say(refused('not today'));
  });
  // A shell would change them. This `node` shows what it has got: interpreter, its arguments, script, the file to be shown.
  copyFileSync('/bin/grep', w.path('bin/node'));
  const interpreter = ['node', '-hE', '^Sig(Blk|Ign|Cgt)'];
  const source = `use POSIX; $SIG{$_} = 'IGNORE' for qw(HUP TSTP WINCH);
    POSIX::sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1, SIGTERM, SIGTTOU)); exec @ARGV;`;
  const rest = [fake.script, '/proc/self/status'];
  const plain = await w.run('perl', ['-e', source, ...interpreter, ...rest]);
  expect(plain.stdout).toMatch(/^SigBlk:\t0000000000204200$/m);
  const call = [CLIENT, ['-U', '-g', fake.ident, ...interpreter].join(','), ...rest];
  expect(await w.run('perl', ['-e', source, ...call])).toEqual(plain);
});

test('a script that is run directly has no descriptor of ours', async () => {
  const w = workspace();
  const fake = await silentServer(w, SHORT_MS);
  w.write('script', 'echo $$; read line; exit 3\n');
  const plain = w.start('node', [fake.script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const running = fake.start([], { stdio: ['pipe', 'pipe', 'pipe'] });
  const open = async (process: Running) => [...descriptorsOf(Number(await process.line())).keys()];
  expect(await open(running)).toEqual(await open(plain));
  for (const process of [plain, running]) {
    process.endInput();
    expect(await process.outcome).toMatchObject({ status: 3 });
  }
});

/** The numbers of read(2) and shutdown(2), by process.arch. */
const READ: Record<string, number> = { x64: 0, arm64: 63 };
const SHUTDOWN: Record<string, number> = { x64: 48, arm64: 210 };

// The sanitizers' runtime reads files of its own, so that the second read is another one.
test.skipIf(!HAS_STRACE || CLIENT.includes('/sanitize/'))(
  'a start that comes before the last look is found, and the call goes on as any other',
  async () => {
    const w = workspace();
    const fake = await silentServer(w, LONG_MS);
    // Held up between the wait that the signal ends and the withdrawal: the second read, since the first looks at the interpreter.
    const inject = 'inject=read:delay_enter=2000000:when=2';
    const running = straced(w, ['-e', inject, '-e', 'trace=read'], fake.command());
    const conversation = await fake.conversation();
    await conversation.call();
    const find = () => w.processes().find(({ commandLine }) => commandLine.startsWith(CLIENT));
    const { pid } = await until('the client runs', find);
    process.kill(pid, 'SIGTERM');
    await until('the client reads its signals', () => syscallOf(pid) === READ[process.arch]);
    await conversation.say(started());
    expect(await conversation.signal()).toBe(signalNumber('SIGTERM'));
    await conversation.say(ended(5 << 8));
    expect(await running.outcome).toMatchObject({ status: 5, stderr: '' });
  },
);

test.skipIf(!HAS_STRACE)(
  'a start that comes between the last look and the withdrawal: the script is run once, and to its end',
  async () => {
    const w = workspace();
    const fake = await silentServer(w, SHORT_MS);
    const inject = 'inject=shutdown:delay_enter=2000000';
    const running = straced(w, ['-e', inject, '-e', 'trace=shutdown'], fake.command());
    const conversation = await fake.conversation();
    await conversation.call();
    const { pid } = await until('the client runs', () =>
      w.processes().find(({ commandLine }) => commandLine.startsWith(CLIENT)),
    );
    // Held up there, it has had its last look.
    await until('the client withdraws', () => syscallOf(pid) === SHUTDOWN[process.arch]);
    await conversation.say(started());
    await until('the client relays', () => !descriptorsOf(pid).has(1));
    process.kill(pid, 'SIGUSR1');
    expect(await conversation.signal()).toBe(signalNumber('SIGUSR1'));
    expect(running.child.exitCode).toBeNull();
    conversation.socket.destroy();
    expectFailure(await running.outcome, /the call began just as it was withdrawn, and how it ended cannot be known/);
  },
);
