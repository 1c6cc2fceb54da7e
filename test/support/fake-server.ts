/** A server of a test's own, on the rendezvous of a chosen name: it says to each caller what the test wants, byte for byte. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { CLIENT } from './paths.js';
import type { Outcome, Running } from './running.js';
import type { Workspace } from './workspace.js';

export const GREETING = Buffer.from('PFI\n\0\0\0\0', 'latin1');
/** What the client sends before the length: a byte without a descriptor, three with one each (which Node throws away). */
export const MARKERS = 4;

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export class FakeServer {
  readonly #server: Server;
  /** How many have connected. */
  calls = 0;

  private constructor(
    readonly workspace: Workspace,
    readonly ident: string,
    serve: (socket: Socket) => void,
  ) {
    // Kept half open: that a client has ended its side is for the test to see, not to be answered by itself.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.calls++;
      // A client that fails closes its end with something unread, which is a reset.
      socket.on('error', () => {});
      serve(socket);
    });
  }

  static async start(workspace: Workspace, serve: (socket: Socket) => void, ident = 'fake'): Promise<FakeServer> {
    const fake = new FakeServer(workspace, ident, serve);
    fake.#server.listen(join(workspace.runDirectory, `s${ident}`));
    await once(fake.#server, 'listening');
    onTestFinished(() => fake.close());
    return fake;
  }

  close(): void {
    this.#server.close();
  }

  start(...args: string[]): Running {
    // The interpreter fails loudly if it should ever be started, as setup or directly.
    return this.workspace.start(CLIENT, ['-U', '-g', this.ident, 'sh', 'no-such-script', ...args]);
  }

  run(...args: string[]): Promise<Outcome> {
    return this.start(...args).outcome;
  }

  runStrictly(...args: string[]): Promise<Outcome> {
    return this.workspace.run(CLIENT, ['-U', '--strict', '-g', this.ident, 'sh', 'no-such-script', ...args]);
  }
}

/** All that one caller sends: resolves once that many bytes, or with -1 a whole request, have come. */
export async function readRequest(socket: Socket): Promise<Buffer> {
  let request = Buffer.alloc(0);
  const complete = () => request.length >= MARKERS + 4 && request.length >= MARKERS + 4 + request.readUInt32BE(MARKERS);
  while (!complete()) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    request = Buffer.concat([request, chunk]);
  }
  return request;
}
