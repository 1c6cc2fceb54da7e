import { closeSync, openSync } from 'node:fs';
import type { Core } from '../core.js';
import { receiveRequest } from '../executor/request.js';
import * as native from '../native.js';
import { REQUEST_LIMIT_MS } from './limits.js';

/**
 * Does once, in the server, what every executor does first: to take a request. V8 compiles a function, of JavaScript or of
 * WebAssembly, when it is first called; what no process before the fork has called is compiled anew in each executor (measured: 3 ms of
 * a call). To be done when the first call is on its way, so that nobody waits for it.
 */
export function rehearse(core: Core): void {
  const nothing = openSync('/dev/null', 'r');
  const [client, server] = native.socketPair();
  try {
    const request = core.encodeRequest(
      'released',
      [Buffer.from('NAME=value')],
      [Buffer.from('interpreter'), Buffer.from('script')],
    );
    native.send(client, request.subarray(0, 1));
    for (const at of [1, 2, 3]) native.send(client, request.subarray(at, at + 1), [nothing]);
    native.send(client, request.subarray(4));
    for (const descriptor of receiveRequest(core, server, REQUEST_LIMIT_MS).descriptors) native.close(descriptor);
  } finally {
    native.close(client);
    native.close(server);
    closeSync(nothing);
  }
}
