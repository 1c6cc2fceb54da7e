/** A connection to a server below the level of a client: whatever bytes and descriptors a test wants to send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import * as native from '../../src/native.js';
import { within } from './until.js';
import type { Workspace } from './workspace.js';

/** "PFI", a line end, and an extension of length 0. */
const GREETING = Buffer.from('PFI\n\0\0\0\0', 'latin1');

export class RawConnection {
  readonly #socket: Socket;
  /** Settled when the server will send no more. */
  readonly #over: Promise<void>;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.on('error', () => {});
    this.#over = new Promise((over) => socket.once('end', over).once('close', over));
  }

  /** Connects to the only socket in the run directory. */
  static async open(w: Workspace): Promise<RawConnection> {
    const [name, ...others] = w.rendezvous().filter((entry) => entry.startsWith('s'));
    if (!name || others.length > 0) throw new Error(`one socket expected, not ${[name, ...others]}`);
    const socket = connect({ path: join(w.runDirectory, name), allowHalfOpen: true });
    const connection = new RawConnection(socket);
    await within('a connection to the server', once(socket, 'connect'));
    return connection;
  }

  get received(): Buffer {
    return this.#received;
  }

  async greeted(): Promise<void> {
    await this.receives(GREETING.length);
    if (!this.#received.subarray(0, GREETING.length).equals(GREETING))
      throw new Error(`greeted with ${this.#received}`);
  }

  /** Waits until so many bytes have come in all. */
  async receives(bytes: number): Promise<void> {
    const enough = new Promise<void>((done) => {
      const look = () => this.#received.length >= bytes && done();
      this.#socket.on('data', look);
      look();
    });
    const tooFew = this.#over.then(() => {
      if (this.#received.length < bytes) throw new Error(`${bytes} bytes expected, ${this.#received.length} came`);
    });
    await within(`${bytes} bytes from the server`, Promise.race([enough, tooFew]));
  }

  /** Without descriptors. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** With descriptors, which stay open here. */
  send(bytes: Uint8Array, descriptors: number[]): void {
    const { fd } = (this.#socket as unknown as { _handle: { fd: number } })._handle;
    native.send(fd, bytes, descriptors);
  }

  /** Says that no more will come, and goes on reading. */
  end(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }

  async closedByServer(limitMs?: number): Promise<void> {
    await within('the server to close the connection', this.#over, limitMs);
  }
}

/** A whole request but for its descriptors: length, environment, empty string, arguments. */
export function requestBody(environment: string[], args: string[]): Buffer {
  const body = Buffer.from([...environment, '', ...args].map((text) => `${text}\0`).join(''), 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}
