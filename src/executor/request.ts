import type { Core, Request } from '../core.js';
import * as native from '../native.js';
import { POLLIN } from '../server/poll-set.js';

/** A whole request, and the descriptors that came with it: the call's standard input, output and error, in this order. */
export interface ReceivedRequest {
  readonly request: Request;
  readonly descriptors: [number, number, number];
}

/**
 * Reads one request from `connection`, `limitMs` milliseconds at most in all. On every failure the descriptors that had come
 * are closed again, and what was wrong is thrown.
 */
export function receiveRequest(core: Core, connection: number, limitMs: number): ReceivedRequest {
  const descriptors: number[] = [];
  try {
    const decoder = core.requestDecoder();
    const deadline = performance.now() + limitMs;
    let complete = false;
    while (!complete) {
      waitReadable(connection, deadline - performance.now());
      // Three are expected in all, so one more in one read is already an error, which the decoder names.
      const received = native.receive(connection, decoder.space(), 4);
      descriptors.push(...received.descriptors);
      if (received.bytes === 0) throw new Error('the client closed the connection before its request was complete');
      complete = decoder.received(received.bytes, received.descriptors.length);
    }
    const [input, output, error] = descriptors;
    if (input === undefined || output === undefined || error === undefined) {
      throw new Error(`the request came with ${descriptors.length} descriptors, not 3`);
    }
    return { request: decoder.request, descriptors: [input, output, error] };
  } catch (error) {
    for (const descriptor of descriptors) native.close(descriptor);
    throw error;
  }
}

function waitReadable(connection: number, timeoutMs: number): void {
  const set = Int32Array.of(connection, POLLIN, 0);
  if (timeoutMs <= 0 || native.poll(set, Math.ceil(timeoutMs)) === 0) {
    throw new Error('the client did not send its whole request within the limit');
  }
}
