/** What a call of version 2 carries: all that a process has from its caller. */
import { readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as native from '../../src/native.js';
import { ended, FakeV2, handleOf, parse, type RawMessage, refused, started, TAG } from '../support/fake-v2.js';
import { CLIENT } from '../support/paths.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

interface Offer {
  readonly call: RawMessage;
  /** What each descriptor that came with it is. */
  readonly descriptors: string[];
}

/** Takes the call that a shell command line makes; the client is its `"$@"`. */
async function offered(w: Workspace, commandLine: string, args: string[] = []): Promise<Offer> {
  const fake = await FakeV2.start(w, () => {}, { paused: true });
  const running = w.shell(commandLine, fake.command(...args));
  const conversation = await fake.conversation();
  const bytes = Buffer.alloc(8 << 20);
  const descriptors: string[] = [];
  let length = 0;
  const call = await until('a whole call has come', () => {
    if (native.queued(handleOf(conversation)) === 0) return undefined;
    const piece = native.receive(handleOf(conversation), bytes.subarray(length), 8);
    // All of them come with the first byte.
    descriptors.push(...piece.descriptors.map((fd) => readlinkSync(`/proc/self/fd/${fd}`)));
    if (length > 0) expect(piece.descriptors).toEqual([]);
    // The client's output ends when nobody has it any more.
    for (const fd of piece.descriptors) native.close(fd);
    length += piece.bytes;
    return parse(bytes.subarray(0, length)).messages[0];
  });
  await conversation.say(started(), ended(6 << 8));
  expect(await running).toMatchObject({ status: 6, stderr: '' });
  return { call, descriptors };
}

function number(call: RawMessage, tag: number): number | undefined {
  return call.fields.get(tag)?.readInt32BE();
}

function strings(call: RawMessage, tag: number): string[] {
  const text = call.fields.get(tag)?.toString('latin1') ?? '';
  expect(text.endsWith('\0')).toBe(true);
  return text.slice(0, -1).split('\0');
}

function softLimit(call: RawMessage, resource: number): bigint | undefined {
  const field = call.fields.get(TAG.limits) ?? Buffer.alloc(0);
  for (let at = 0; at < field.length; at += 12) {
    if (field.readUInt32BE(at) === resource) return field.readBigUInt64BE(at + 4);
  }
  return undefined;
}

const COMBINATIONS = Array.from({ length: 8 }, (_, mask) => mask);

describe.each(COMBINATIONS)('descriptors that are open: %i in bits', (mask) => {
  test('they are attached, in order, and the working directory behind them', async () => {
    const w = workspace();
    w.write('in', '');
    const opened = ['<in', '>out', '2>err'].map((open, fd) =>
      mask & (1 << fd) ? open : `${fd}${fd === 0 ? '<' : '>'}&-`,
    );
    const { call, descriptors } = await offered(w, `"$@" ${opened.join(' ')}`);
    expect(call.fields.get(TAG.stdio)).toEqual(Buffer.from([mask]));
    expect(call.fields.get(TAG.cwd)).toEqual(Buffer.alloc(0));
    const names = ['in', 'out', 'err'].filter((_, fd) => mask & (1 << fd));
    expect(descriptors).toEqual([...names.map((name) => w.path(name)), w.directory]);
  });
});

test('umask, nice value, soft limits and processors', async () => {
  const w = workspace();
  const line = 'umask 0137; ulimit -S -n 333; ulimit -S -t unlimited; ulimit -S -c 5; exec nice -n 7 taskset 1 "$@"';
  const { call } = await offered(w, line);
  expect(number(call, TAG.umask)).toBe(0o137);
  expect(number(call, TAG.nice)).toBe(7);
  expect(call.fields.get(TAG.affinity)).toEqual(Buffer.from([1]));
  // RLIMIT_CPU, RLIMIT_CORE and RLIMIT_NOFILE of asm-generic/resource.h; sh(1) counts core files in blocks of 512 bytes.
  expect(softLimit(call, 0)).toBe(2n ** 64n - 1n);
  // The sanitizers' runtime allows no core dump of its own process.
  expect(softLimit(call, 4)).toBe(CLIENT.includes('/sanitize/') ? 0n : 5n * 512n);
  expect(softLimit(call, 7)).toBe(333n);
  expect(call.fields.get(TAG.limits)).toHaveLength(16 * 12);
});

test('script, arguments and environment, to the letter', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w);
  const env = [
    'A=b',
    'EMPTY=',
    '=odd',
    'NOEQUALS',
    '',
    `PREFORK_INTERP_RUN_DIR=${w.runDirectory}`,
    `PATH=${w.env['PATH']}`,
    'A=again',
    '\xe4=\xff',
  ];
  const execute = `my ($client, $count) = splice(@ARGV, 0, 2); my @env = splice(@ARGV, 0, $count);
    syscall(59, $client, pack('P' x (@ARGV + 1) . 'J', $client, @ARGV, 0), pack('P' x @env . 'J', @env, 0)); die $!;`;
  const args = ['', '-f', 'two words', 'x=y', ''];
  // Latin 1 letters reach perl(1) as UTF-8, which is bytes like any other.
  const running = w.start('perl', [
    '-e',
    execute,
    CLIENT,
    String(env.length),
    ...env,
    ...fake.command(...args).slice(1),
  ]);
  const conversation = await fake.conversation();
  const call = await conversation.begin();
  await conversation.say(ended(0));
  expect(await running.outcome).toMatchObject({ status: 0, stderr: '' });
  expect(strings(call, TAG.arguments)).toEqual(args);
  expect(strings(call, TAG.environment)).toEqual(env.map((entry) => Buffer.from(entry).toString('latin1')));
  expect(call.fields.get(TAG.script)?.toString()).toBe(fake.script);
});

test('a call without arguments says so', async () => {
  const { call } = await offered(workspace(), '"$@"');
  expect(call.fields.get(TAG.arguments)).toEqual(Buffer.alloc(0));
});

test('arguments and environment as large as Linux lets them be, and a server that reads slowly', async () => {
  const w = workspace();
  for (let i = 0; i < 12; i++) w.env[`LARGE_${i}`] = String.fromCharCode(65 + i).repeat(125_000);
  const fake = await FakeV2.start(w, () => {}, { paused: true });
  const args = new Array<string>(3).fill('x'.repeat(100_000));
  const running = fake.start(args);
  const conversation = await fake.conversation();
  const { socket } = conversation;
  // Some at a time: the client sends the rest when there is room, and does not turn round the server meanwhile.
  socket.on('data', () => {
    socket.pause();
    setImmediate(() => socket.resume());
  });
  socket.resume();
  const call = await conversation.call();
  expect(conversation.received).toBeGreaterThan(1_800_000);
  expect(strings(call, TAG.arguments)).toEqual(args);
  const environment = new Set(strings(call, TAG.environment));
  for (let i = 0; i < 12; i++) expect(environment.has(`LARGE_${i}=${w.env[`LARGE_${i}`]}`)).toBe(true);
  await conversation.say(started(), ended(5 << 8));
  expect(await running.outcome).toMatchObject({ status: 5, stderr: '' });
});

test('a working directory that has been removed is handed over all the same', async () => {
  const w = workspace();
  const { descriptors } = await offered(w, 'mkdir gone; cd gone; rmdir ../gone; exec "$@"');
  expect(descriptors.at(-1)).toBe(`${w.path('gone')} (deleted)`);
});

test('a working directory that can be searched, and not read', async () => {
  const w = workspace();
  // Permissions are nothing to root, but for these capabilities (capabilities(7)).
  const without = '-dac_override,-dac_read_search';
  const mortal = process.getuid?.() === 0 ? `setpriv --bounding-set ${without} --inh-caps ${without}` : '';
  const line = `mkdir -m 0311 dark; cd dark; exec ${mortal} sh -c '! ls . 2>/dev/null && exec "$@"' sh "$@"`;
  const { descriptors } = await offered(w, line);
  expect(descriptors.at(-1)).toBe(w.path('dark'));
});

test('more than a socket holds is sent with one descriptor each, not one for each piece', async () => {
  const w = workspace();
  const large = 'x'.repeat(120_000);
  const { call, descriptors } = await offered(w, 'exec "$@"', [large, large, large, large, large]);
  expect(strings(call, TAG.arguments)).toHaveLength(5);
  expect(descriptors).toHaveLength(4);
});

test('a call that is not taken leaves umask and working directory as they were', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w, async (conversation) => {
    await conversation.call();
    await conversation.say(refused('not today'));
  });
  w.write('script', 'umask; pwd; exit 3\n');
  const outcome = await w.shell('umask 0246; mkdir below; cd below; exec "$@"', fake.command());
  expect(outcome).toMatchObject({ status: 3, stdout: `0246\n${w.path('below')}\n`, stderr: '' });
});
