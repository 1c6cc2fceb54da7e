/** What the client says to a server, and what it makes of what a server says. */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FakeServer, GREETING, MARKERS, readRequest, uint32 } from '../support/fake-server.js';
import { CLIENT, FIXTURES } from '../support/paths.js';
import type { Outcome, Running } from '../support/running.js';
import { expectFailure } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** A server that resets the connection of its first caller: see the fixture. */
async function rudeServer(w: Workspace, mode: 'unaccepted' | 'unread'): Promise<Running> {
  const server = w.start('perl', [join(FIXTURES, 'rude-server.pl'), join(w.runDirectory, 'srude'), mode]);
  await server.says(/listening/);
  return server;
}

/** The interpreter is sh, and there is no such script: that it was started shows in its message and status. */
const RUDE = ['-U', '-g', 'rude', 'sh', 'no-such-script'];

const MAGIC = GREETING.subarray(0, 4);

const GREETINGS: [what: string, greeting: Buffer][] = [
  ['no extension', GREETING],
  ['an extension of 8 bytes', Buffer.concat([MAGIC, uint32(8), Buffer.from('8 bytes.')])],
  ['the longest extension', Buffer.concat([MAGIC, uint32(4096), Buffer.alloc(4096, 0x50)])],
];

test.each(GREETINGS)('a greeting with %s, whole and byte by byte', async (_, greeting) => {
  const w = workspace();
  let pieces = 1;
  const server = await FakeServer.start(w, async (socket) => {
    const size = Math.ceil(greeting.length / pieces);
    for (let at = 0; at < greeting.length; at += size) {
      await new Promise((sent) => socket.write(greeting.subarray(at, at + size), sent));
    }
    await readRequest(socket);
    socket.end(uint32(42 << 8));
  });
  expect(await server.run()).toMatchObject({ status: 42, stderr: '' });
  pieces = Math.min(greeting.length, 64);
  expect(await server.run()).toMatchObject({ status: 42, stderr: '' });
});

const BAD_GREETINGS: [what: string, greeting: Buffer, says: RegExp][] = [
  ['text of another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /does not greet as/],
  ['four wrong bytes', Buffer.from('PFI\r'), /does not greet as/],
  ['an extension of 4097 bytes', Buffer.concat([MAGIC, uint32(4097)]), /greeting/],
  ['an extension of 2^24 bytes (1 in the wrong order)', Buffer.concat([MAGIC, uint32(2 ** 24)]), /greeting/],
  ['an extension of 2^31 bytes', Buffer.concat([MAGIC, uint32(2 ** 31)]), /greeting/],
  ['an extension of 2^32-1 bytes', Buffer.concat([MAGIC, uint32(2 ** 32 - 1)]), /greeting/],
  ['the end after one byte', MAGIC.subarray(0, 1), /greeting of .* ended after 1 byte$/m],
  ['the end after seven bytes', GREETING.subarray(0, 7), /ended after 7 bytes/],
  ['the end within the extension', Buffer.concat([MAGIC, uint32(8), Buffer.from('7 bytes')]), /ended after 15 bytes/],
  ['a status at once', Buffer.concat([GREETING, uint32(0)]), /followed by other data/],
];

test.each(BAD_GREETINGS)(
  '%s instead of a greeting: the script is run directly, if strict one line, 127; and the server is let be',
  async (_, bytes, says) => {
    const w = workspace();
    const server = await FakeServer.start(w, (socket) => socket.end(bytes));
    expectStarted(await server.run());
    expectFailure(await server.runStrictly(), says);
    expect(w.rendezvous()).toEqual(['sfake']);
    expect(server.calls).toBe(2);
  },
);

test('the end before the greeting is no server: the client looks again under the lock, then starts one', async () => {
  const w = workspace();
  const server = await FakeServer.start(w, (socket) => socket.end());
  expectStarted(await server.run());
  expect(server.calls).toBe(2);
  expect(w.rendezvous(), 'nothing is left behind').toEqual([]);
});

test('a reset before the greeting is no server, either', async () => {
  const w = workspace();
  const server = await rudeServer(w, 'unaccepted');
  expectStarted(await w.run(CLIENT, RUDE));
  expect(w.rendezvous()).toEqual([]);
  expect(await server.outcome).toMatchObject({ status: 0 });
});

function expectStarted(outcome: Outcome): void {
  expect(outcome.stderr).toMatch(/no-such-script/);
  expect(outcome.stderr).not.toMatch(/prefork-interp/);
  expect(outcome.status).not.toBe(0);
}

test('a server that greets late is waited for, first with the lock and then without', async () => {
  const w = workspace();
  const waiting: Socket[] = [];
  const server = await FakeServer.start(w, (socket) => {
    // The first connection makes it go and take the lock.
    if (server.calls === 1) socket.end();
    else waiting.push(socket);
  });
  const running = server.start();
  const lock = () => w.shell('flock --nonblock --conflict-exit-code 75 "$1" true', [`${w.runDirectory}/lfake`]);
  await expect.poll(() => waiting.length, { timeout: 20_000 }).toBe(1);
  expect((await lock()).status, 'held at first').toBe(75);
  await expect.poll(async () => (await lock()).status, { timeout: 20_000, interval: 50 }).toBe(0);
  waiting[0]?.write(GREETING);
  await readRequest(waiting[0] as Socket);
  waiting[0]?.end(uint32(5 << 8));
  expect(await running.outcome).toMatchObject({ status: 5, stderr: '' });
});

test('the request: markers, length, environment entries, an empty string, interpreter, script, arguments', async () => {
  const w = workspace();
  const requests: Buffer[] = [];
  await FakeServer.start(w, async (socket) => {
    socket.write(GREETING);
    requests.push(await readRequest(socket));
    socket.end(uint32(0));
  });
  // An entry without an equals sign is none; one with nothing before or behind it is.
  const env = ['A=b', 'EMPTY=', '=odd', `PREFORK_INTERP_RUN_DIR=${w.runDirectory}`, 'ä=\xff'];
  const words = ['-U', '-g', 'fake', 'sh', 'script', '', '-f', 'two words'];
  const execute = `
    require POSIX; my ($client, $count) = splice(@ARGV, 0, 2); my @env = splice(@ARGV, 0, $count);
    syscall(59, $client, pack('P' x (@ARGV + 1) . 'J', $client, @ARGV, 0), pack('P' x (@env + 1) . 'J', @env, 'NOEQUALS', 0)); die $!;`;
  const outcome = await w.run('perl', ['-e', execute, CLIENT, String(env.length), ...env, ...words]);
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  const body = Buffer.from([...env, '', 'sh', 'script', '', '-f', 'two words'].map((text) => `${text}\0`).join(''));
  expect(requests).toHaveLength(1);
  expect(requests[0]).toEqual(Buffer.concat([Buffer.alloc(MARKERS), uint32(body.length), body]));
});

test('a request as large as the kernel lets one be', async () => {
  const w = workspace();
  let length = 0;
  const server = await FakeServer.start(w, async (socket) => {
    socket.write(GREETING);
    length = (await readRequest(socket)).length;
    socket.end(uint32(0));
  });
  // 2 MB is what arguments and environment may have together under the usual stack limit of 8 MB (execve(2)).
  const args = new Array<string>(15).fill('x'.repeat(131_000));
  expect(await server.run(...args)).toMatchObject({ status: 0, stderr: '' });
  expect(length).toBeGreaterThan(15 * 131_001);
});

test('a server that goes while the request is sent: the script is run directly, if strict one line, 127', async () => {
  const w = workspace();
  const server = await FakeServer.start(w, (socket) => {
    socket.write(GREETING);
    socket.once('data', () => socket.destroy());
  });
  // More than fits into a socket, so that some is never read.
  const args = new Array<string>(10).fill('x'.repeat(131_000));
  expectFailure(await server.runStrictly(...args), /cannot send the call/);
  expectStarted(await server.run(...args));
});

test('a request that the server did not take whole is sent anew, and the call made once', async () => {
  const w = workspace();
  let requests = 0;
  const server = await FakeServer.start(w, async (socket) => {
    socket.write(GREETING);
    if (server.calls < 3) {
      socket.once('data', () => socket.destroy());
      return;
    }
    await readRequest(socket);
    requests += 1;
    socket.end(uint32(5 << 8));
  });
  const args = new Array<string>(10).fill('x'.repeat(131_000));
  expect(await server.run(...args)).toMatchObject({ status: 5, stderr: '' });
  expect({ calls: server.calls, requests }).toEqual({ calls: 3, requests: 1 });
});

/** A server that takes each request and then says whatever `saying` holds at that time. */
async function statusServer(): Promise<{ server: FakeServer; ending: (bytes: Buffer) => Promise<Outcome> }> {
  let saying = Buffer.alloc(0);
  const server = await FakeServer.start(workspace(), async (socket) => {
    socket.write(GREETING);
    await readRequest(socket);
    socket.end(saying);
  });
  const ending = (bytes: Buffer) => {
    saying = Buffer.from(bytes);
    return server.run();
  };
  return { server, ending };
}

test('exit statuses 0 to 255', async () => {
  const { ending } = await statusServer();
  for (let code = 0; code < 256; code++) {
    expect(await ending(uint32(code << 8))).toMatchObject({ status: code, signal: null, stdout: '', stderr: '' });
  }
});

const RAISED = new Map<number, NodeJS.Signals>([
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [9, 'SIGKILL'],
  [13, 'SIGPIPE'],
  [15, 'SIGTERM'],
]);

test('every signal is raised again, or told, by the table; with a core dump it is always told', async () => {
  const { ending } = await statusServer();
  for (let signal = 1; signal <= 64; signal++) {
    const outcome = await ending(uint32(signal));
    const raised = RAISED.get(signal);
    if (raised) expect(outcome).toMatchObject({ status: null, signal: raised, stderr: '' });
    else expectFailure(outcome, `no-such-script was killed by signal ${signal} (`);
    expectFailure(await ending(uint32(signal | 0x80)), `signal ${signal} (`, /\(core dumped\)$/m);
  }
});

test.each([
  ['stopped', 0x137f],
  ['continued', 0xffff],
  ['over INT_MAX', 0x8000_0000],
  ['over 16 bits', 0x10000],
  ['all ones', 0xffff_ffff],
])('a wait status that is %s: one line, 127', async (_, status) => {
  const { ending } = await statusServer();
  expectFailure(await ending(uint32(status)), String(status));
});

test.each([
  ['nothing', Buffer.alloc(0), /without telling how the call ended/],
  ['one byte of the status', Buffer.alloc(1), /cut short/],
  ['three bytes of the status', Buffer.alloc(3), /cut short/],
])('%s, then the end: one line, 127', async (_, bytes, says) => {
  const { ending } = await statusServer();
  expectFailure(await ending(bytes), says, 'lost the server of no-such-script');
});

test('a reset instead of a status: one line, 127', async () => {
  const w = workspace();
  const server = await rudeServer(w, 'unread');
  expectFailure(await w.run(CLIENT, RUDE), /lost the server of no-such-script/);
  expect(await server.outcome).toMatchObject({ status: 0 });
});

test('a status byte by byte, and more behind it', async () => {
  const w = workspace();
  const server = await FakeServer.start(w, async (socket) => {
    socket.write(GREETING);
    await readRequest(socket);
    for (const byte of uint32(0x0900)) await new Promise((sent) => socket.write(Buffer.from([byte]), sent));
    socket.end('more');
  });
  expect(await server.run()).toMatchObject({ status: 9, stderr: '' });
});
