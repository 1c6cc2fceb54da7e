/**
 * Speaks with a server by the codec, over nothing but Node's sockets: asks it how it is, and has it run its script once.
 *
 *     node call-without-streams.js SOCKET [ARG ..]
 *
 * SOCKET is the server's: `s` and the ident that `preforkctl list` shows, in the run directory. Node's sockets pass no descriptors, so the script gets none: it runs with standard
 * input, output and error closed, and what comes back is how it ended. Whoever has sendmsg(2) attaches to each piece what its `descriptors` say.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ClientConnection, type ClientSends, type FromServer, waitStatus } from 'prefork-interp/codec';

const LIMIT_MS = 10_000;

/** Sends `message` on a connection of its own and gives each event that comes, until the server closes it or says the last. */
async function* converse(path: string, message: ClientSends): AsyncGenerator<FromServer> {
  const socket: Socket = connect(path);
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`nothing came from ${path} for ${LIMIT_MS} ms`)));
  try {
    await once(socket, 'connect');
    const connection = new ClientConnection(2);
    for (const { bytes } of connection.send(message)) socket.write(bytes);
    for await (const bytes of socket) {
      yield* connection.receive(bytes);
      if (connection.state === 'over') return;
    }
    connection.end();
    throw new Error(`${path} closed the connection in the state ${connection.state}`);
  } finally {
    socket.destroy();
  }
}

const [path, ...args] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: call-without-streams SOCKET [ARG ..]');

for await (const event of converse(path, { kind: 'control', operation: 'status' })) {
  if (event.kind === 'reply') console.log(`server ${event.pid} has served ${event.calls} calls`);
}

const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
for await (const event of converse(path, { kind: 'call', descriptors: [], arguments: args, environment })) {
  if (event.kind === 'started') console.log(`process ${event.pid} runs the script`);
  if (event.kind === 'refused') console.log(`refused: ${event.reason}`);
  if (event.kind === 'ended') {
    const meaning = waitStatus(event.status, 'exact');
    console.log(meaning.action === 'exit' ? `it ended with status ${meaning.code}` : `it ended by ${meaning.action}`);
  }
}
