import * as native from '../native.js';
import { POLLIN } from '../server/poll-set.js';
import type { IncomingCall } from './incoming.js';

/** A decoder of the core's that is received into. */
interface Decoder {
  space(): Uint8Array;
  received(bytes: number, descriptors: number): boolean;
}

/**
 * Receives from `connection` until the decoder has what it wants, `limitMs` milliseconds at most in all, and `most` descriptors, of which `make`
 * makes the call. On every failure the descriptors that had come are closed again, and what was wrong is thrown.
 */
export function receiveCall(
  decoder: Decoder,
  connection: number,
  limitMs: number,
  most: number,
  make: (descriptors: readonly number[]) => IncomingCall,
): IncomingCall {
  const descriptors: number[] = [];
  try {
    const deadline = performance.now() + limitMs;
    for (let complete = false; !complete; ) {
      waitReadable(connection, deadline - performance.now());
      // One more than there may be in all: then the decoder says what is wrong.
      const received = native.receive(connection, decoder.space(), most + 1);
      descriptors.push(...received.descriptors);
      if (received.bytes === 0) throw new Error('the client closed the connection before its request was complete');
      complete = decoder.received(received.bytes, received.descriptors.length);
    }
    return make(descriptors);
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
