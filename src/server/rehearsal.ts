import { closeSync, openSync } from 'node:fs';
import type { Core } from '../core.js';
import { receiveContextCall } from '../executor/context-call.js';
import { receiveRequest } from '../executor/request.js';
import * as native from '../native.js';
import { REQUEST_LIMIT_MS } from './limits.js';

/**
 * Does once, in the server, what every executor does first: to take a request. V8 compiles a function, of JavaScript or of
 * WebAssembly, when it is first called; what no process before the fork has called is compiled anew in each executor (measured: 3 ms of
 * a call). To be done when the first call is on its way, so that nobody waits for it.
 */
export function rehearse(core: Core, protocol: 1 | 2): void {
  const nothing = openSync('/dev/null', 'r');
  const [client, server] = native.socketPair();
  try {
    const { descriptors, context } =
      protocol === 1 ? request(core, client, server, nothing) : call(core, client, server, nothing);
    for (const descriptor of [...descriptors, context?.cwd ?? null]) if (descriptor !== null) native.close(descriptor);
  } finally {
    native.close(client);
    native.close(server);
    closeSync(nothing);
  }
}

function request(core: Core, client: number, server: number, nothing: number) {
  const bytes = core.encodeRequest(
    'released',
    [Buffer.from('NAME=value')],
    [Buffer.from('interpreter'), Buffer.from('script')],
  );
  native.send(client, bytes.subarray(0, 1));
  for (const at of [1, 2, 3]) native.send(client, bytes.subarray(at, at + 1), [nothing]);
  native.send(client, bytes.subarray(4));
  return receiveRequest(core, server, REQUEST_LIMIT_MS, 2);
}

function call(core: Core, client: number, server: number, nothing: number) {
  const bytes = core.encodeCall({
    stdio: 0b111,
    cwd: true,
    umask: 0o22,
    nice: 0,
    limits: [{ resource: 0, soft: null }],
    affinity: Uint8Array.of(1),
    script: Buffer.from('script'),
    arguments: [Buffer.from('argument')],
    environment: Buffer.from('NAME=value\0'),
  });
  native.send(client, bytes, [nothing, nothing, nothing, nothing]);
  return receiveContextCall(core, server, REQUEST_LIMIT_MS);
}
