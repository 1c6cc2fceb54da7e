/** For the same call the codec makes the same bytes as the native client. The released client: test/interop/codec.test.ts. */
import { constants, getPriority } from 'node:os';
import { type Call, ClientConnection, ServerConnection } from 'prefork-interp/codec';
import { expect, test } from 'vitest';
import { inState, join } from '../support/codec-host.js';
import { FakeServer, GREETING, readRequest, uint32 } from '../support/fake-server.js';
import { ended, FakeV2 } from '../support/fake-v2.js';
import { until } from '../support/until.js';
import { workspace } from '../support/workspace.js';

const ARGUMENTS = ['', 'two words', 'ä\n', '--', 'a=b'];
const entries = (env: NodeJS.ProcessEnv) => Object.entries(env).map(([name, value]) => `${name}=${value}`);
const text = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString();
const equal = (bytes: Uint8Array, other: Uint8Array) =>
  Buffer.from(bytes).toString('hex') === Buffer.from(other).toString('hex');

test('version 1: greeting, request and status', async () => {
  const w = workspace();
  w.env['EMPTY'] = '';
  let request: Buffer = Buffer.alloc(0);
  const greeting = join(new ServerConnection(1).send({ kind: 'greeting' }));
  expect(equal(greeting, GREETING)).toBe(true);
  const status = join(inState('server', 1, 'running').send({ kind: 'status', status: 42 << 8 }));
  expect(equal(status, uint32(42 << 8))).toBe(true);
  const server = await FakeServer.start(w, async (socket) => {
    socket.write(greeting);
    request = await readRequest(socket);
    socket.end(status);
  });
  expect(await server.run(...ARGUMENTS)).toMatchObject({ status: 42, stderr: '' });
  const words = ['sh', 'no-such-script', ...ARGUMENTS];
  const pieces = inState('client', 1, 'request').send({
    kind: 'request',
    environment: entries(w.env),
    arguments: words,
  });
  expect(text(join(pieces))).toBe(text(request));
  expect(equal(join(pieces), request)).toBe(true);
});

test('version 2: a call with all that it may have, and a signal', async () => {
  const w = workspace();
  let said = Buffer.alloc(0);
  const server = await FakeV2.start(w, async (conversation) => {
    conversation.socket.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]);
    });
    await conversation.call();
    await conversation.say(Buffer.from(join(inState('server', 2, 'offered').send({ kind: 'started', pid: 4242 }))));
    await conversation.signal();
    await conversation.say(ended(7 << 8));
  });
  // Not what every process has, so that each of the fields has something to say.
  const client = w.start('sh', [
    '-c',
    'umask 027; ulimit -S -n 200; exec nice -n 3 "$@"',
    'sh',
    ...server.command(...ARGUMENTS),
  ]);
  await server.conversation();
  const call = (await takenCall(() => said)) as Call;
  // One that waits until the call has begun, and does not withdraw it.
  client.child.kill('SIGWINCH');
  expect(await client.outcome).toMatchObject({ status: 7, stderr: '' });

  expect(call).toMatchObject({
    descriptors: ['stdin', 'stdout', 'stderr', 'cwd'],
    umask: 0o27,
    nice: Math.min(getPriority() + 3, 19),
    limits: expect.arrayContaining([{ resource: 7, soft: 200n }]),
    affinity: expect.any(Uint8Array),
  });
  expect(text(call.script)).toBe(server.script);
  expect(call.arguments.map(text)).toEqual(ARGUMENTS);
  expect(call.environment.map(text)).toEqual(expect.arrayContaining(entries(w.env)));

  const codec = new ClientConnection(2);
  const [piece, ...others] = codec.send(call);
  expect(others).toEqual([]);
  const signal = inState('client', 2, 'running').send({ kind: 'signal', signal: constants.signals.SIGWINCH });
  expect(equal(Buffer.concat([piece?.bytes ?? new Uint8Array(), join(signal)]), said)).toBe(true);
});

/** The call in what has come, once it is whole. */
function takenCall(said: () => Buffer): Promise<unknown> {
  return until('a whole call has come', () => {
    const [call] = new ServerConnection(2).receive(said(), said().length > 0 ? 4 : 0);
    return call;
  });
}
