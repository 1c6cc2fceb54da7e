import type { Core } from '../core.js';
import * as native from '../native.js';
import type { IncomingCall } from './incoming.js';
import { receiveAll } from './receive.js';

/** Standard input, output and error. */
const DESCRIPTORS = 3;

/**
 * Reads one version 1 request from `connection`, `limitMs` milliseconds at most in all. `own`: how many words of it come before the script's
 * own arguments: the interpreter, and the script if there is one. On every failure the descriptors that had come are closed again, and what
 * was wrong is thrown.
 */
export function receiveRequest(core: Core, connection: number, limitMs: number, own: number): IncomingCall {
  const descriptors: number[] = [];
  try {
    const decoder = core.requestDecoder();
    receiveAll(decoder, connection, limitMs, descriptors, DESCRIPTORS);
    const [input, output, error] = descriptors;
    if (input === undefined || output === undefined || error === undefined) {
      throw new Error(`the request came with ${descriptors.length} descriptors, not ${DESCRIPTORS}`);
    }
    const { environment, arguments: words } = decoder.request;
    return {
      descriptors: [input, output, error],
      environment,
      script: words[1] !== undefined && own > 1 ? words[1] : null,
      arguments: words.slice(own),
      context: null,
    };
  } catch (error) {
    for (const descriptor of descriptors) native.close(descriptor);
    throw error;
  }
}
