import * as native from '../native.js';

/** A process number, as the machine has it. */
const BYTES = 4;
const MOST_AT_ONCE = 64;

/**
 * How executors tell the server that they have begun: one socket pair for all, made once. Until then what comes from the client is the
 * executor's to read, and afterwards the server's.
 */
export class Beginnings {
  /** Readable when an executor has begun. */
  readonly hear: number;
  /** The executors' end. */
  readonly tell: number;
  readonly #buffer = new Uint8Array(BYTES * MOST_AT_ONCE);

  constructor() {
    [this.hear, this.tell] = native.socketPair();
  }

  /** The processes that have begun. */
  read(): number[] {
    const { bytes } = native.receive(this.hear, this.#buffer, 0, native.MSG_DONTWAIT);
    return [...new Int32Array(this.#buffer.slice(0, bytes - (bytes % BYTES)).buffer)];
  }
}

/** In an executor that begins the script: tells the server, and closes the way by which it has. */
export function tellBeginning(descriptor: number): void {
  // Four bytes are one piece of the stream, whoever else sends in the same moment. The server reads them whenever it can.
  native.send(descriptor, new Uint8Array(Int32Array.of(native.processId()).buffer));
  native.close(descriptor);
}
