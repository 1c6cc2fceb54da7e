import { openSync } from 'node:fs';
import * as native from '../native.js';
import { type BegunCall, begin, type ExecutorParts } from './become.js';
import { commandLineOf } from './command-line.js';

/** Of getrlimit(2). */
const RESOURCES = 16;
const NUL = Buffer.alloc(1);
/** More than enough to learn from, and little enough for a socket to hold it while nobody reads. */
const ENVIRONMENT_BYTES = 32_768;
const ARGUMENT = Buffer.from('argument');

/**
 * A call that a process sends to itself, and serves up to the point at which the script would begin. Afterwards it is what a call would be that has its
 * environment and directory, one argument, and `/dev/null` for its descriptors.
 *
 * V8 compiles a function, of JavaScript or of WebAssembly, when it is first called, and makes it fast when it was called more often. What no process before the
 * fork has called is compiled anew in each executor (measured: 4 ms of a call). So a server does this while nobody waits for it. And the first touch of a page of
 * memory after a fork costs a microsecond, so a spare does it too, while it waits.
 */
export class Rehearsal {
  readonly #parts: ExecutorParts;
  #encoded: Uint8Array | undefined;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** In a process that ps(1) goes on to show as this. Throws where it does not work out. */
  run(part: 'server' | 'spare'): void {
    const [client, connection] = native.socketPair();
    const [hear, beginning] = native.socketPair();
    const rehearsedBy = commandLineOf(part, this.#parts.startedWith[1] ?? process.execPath);
    const nothing = openSync('/dev/null', 'r+');
    const directory = openSync('.', 'r');
    try {
      if (this.#parts.protocol === 1) sendRequest(client, this.#request(), nothing);
      else sendAtOnce(client, this.#call(), [nothing, nothing, nothing, directory]);
      native.refreshTime();
      const untold = { setupErrors: -1, note: null, moments: null };
      begin(this.#parts, { connection, beginning, ...untold, rehearsedBy, refuse: rethrow });
    } finally {
      native.closeAll([client, connection, hear, nothing, directory]);
    }
  }

  #request(): Uint8Array {
    const { core, startedWith } = this.#parts;
    const words = startedWith.slice(0, 2).map((word) => Buffer.from(word));
    this.#encoded ??= core.encodeRequest('released', ownEnvironment(), [...words, ARGUMENT]);
    return this.#encoded;
  }

  #call(): Uint8Array {
    const { core, startedWith } = this.#parts;
    this.#encoded ??= core.encodeCall({
      stdio: 0b111,
      cwd: true,
      umask: process.umask(),
      nice: native.priority(0),
      limits: Array.from({ length: RESOURCES }, (_, resource) => ({ resource, soft: native.softLimit(resource) })),
      affinity: native.affinity(),
      script: startedWith[1] === undefined ? null : Buffer.from(startedWith[1]),
      arguments: [ARGUMENT],
      environment: Buffer.concat(ownEnvironment().flatMap((entry) => [entry, NUL])),
    });
    return this.#encoded;
  }
}

const rethrow: BegunCall['refuse'] = (error) => {
  throw error;
};

function ownEnvironment(): Buffer[] {
  const entries = Object.entries(process.env).map(([name, value]) => Buffer.from(`${name}=${value}`));
  let bytes = 0;
  return entries.filter((entry) => {
    bytes += entry.length + 1;
    return bytes <= ENVIRONMENT_BYTES;
  });
}

/** As the released client does: each descriptor with a byte of its own. */
function sendRequest(client: number, bytes: Uint8Array, nothing: number): void {
  sendAtOnce(client, bytes.subarray(0, 1));
  for (const at of [1, 2, 3]) sendAtOnce(client, bytes.subarray(at, at + 1), [nothing]);
  sendAtOnce(client, bytes.subarray(4));
}

/** Nobody reads meanwhile: where a socket is set up to hold less than a call (net.core.wmem_default), a server must not wait for that. */
function sendAtOnce(client: number, bytes: Uint8Array, descriptors: number[] = []): void {
  const sent = native.send(client, bytes, descriptors, native.MSG_DONTWAIT);
  if (sent < bytes.length) throw new Error(`a socket holds ${sent} bytes of ${bytes.length}`);
}
