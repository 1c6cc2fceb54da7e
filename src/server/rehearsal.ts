import { closeSync, openSync } from 'node:fs';
import type { Core } from '../core.js';
import { receiveContextCall } from '../executor/context-call.js';
import type { IncomingCall } from '../executor/incoming.js';
import { receiveRequest } from '../executor/request.js';
import * as native from '../native.js';
import { REQUEST_LIMIT_MS } from './limits.js';

/** Of getrlimit(2). */
const RESOURCES = 16;
const NUL = Buffer.alloc(1);

/**
 * Takes a call that this process has sent to itself. V8 compiles a function, of JavaScript or of WebAssembly, when it is first called; what no process
 * before the fork has called is compiled anew in each executor (measured: 3 ms of a call). So the server does this once, when the first call is on its
 * way and nobody waits for it; and a spare does, for its pages.
 *
 * The call is what this process is anyway. Its descriptors are the caller's to close.
 */
export function rehearse(core: Core, protocol: 1 | 2): IncomingCall {
  const nothing = openSync('/dev/null', 'r+');
  const [client, server] = native.socketPair();
  try {
    return protocol === 1 ? request(core, client, server, nothing) : call(core, client, server, nothing);
  } finally {
    native.close(client);
    native.close(server);
    closeSync(nothing);
  }
}

function ownEnvironment(): Buffer[] {
  return Object.entries(process.env).map(([name, value]) => Buffer.from(`${name}=${value}`));
}

function request(core: Core, client: number, server: number, nothing: number) {
  const bytes = core.encodeRequest('released', ownEnvironment(), [Buffer.from('interpreter'), Buffer.from('script')]);
  native.send(client, bytes.subarray(0, 1));
  for (const at of [1, 2, 3]) native.send(client, bytes.subarray(at, at + 1), [nothing]);
  native.send(client, bytes.subarray(4));
  return receiveRequest(core, server, REQUEST_LIMIT_MS, 2);
}

function call(core: Core, client: number, server: number, nothing: number) {
  const bytes = core.encodeCall({
    stdio: 0b111,
    cwd: true,
    umask: process.umask(),
    nice: native.priority(0),
    limits: Array.from({ length: RESOURCES }, (_, resource) => ({ resource, soft: native.softLimit(resource) })),
    affinity: native.affinity(),
    script: Buffer.from('script'),
    arguments: [],
    environment: Buffer.concat(ownEnvironment().flatMap((entry) => [entry, NUL])),
  });
  const root = openSync('/', 'r');
  native.send(client, bytes, [nothing, nothing, nothing, root]);
  closeSync(root);
  return receiveContextCall(core, server, REQUEST_LIMIT_MS);
}
