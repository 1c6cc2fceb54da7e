import { REQUEST_DESCRIPTORS } from '../../assembly/constants.js';
import type { Core } from '../core.js';
import type { IncomingCall } from './incoming.js';
import { receiveCall } from './receive.js';

/**
 * Reads one version 1 request from `connection`, `limitMs` milliseconds at most in all. `own`: how many words of it come before the script's
 * own arguments: the interpreter, and the script if there is one.
 */
export function receiveRequest(core: Core, connection: number, limitMs: number, own: number): IncomingCall {
  const decoder = core.requestDecoder();
  return receiveCall(decoder, connection, limitMs, REQUEST_DESCRIPTORS, (descriptors) => {
    const [input, output, error] = descriptors;
    if (input === undefined || output === undefined || error === undefined) {
      throw new Error(`the request came with ${descriptors.length} descriptors, not ${REQUEST_DESCRIPTORS}`);
    }
    const { environment, arguments: words } = decoder.request;
    return {
      descriptors: [input, output, error],
      environment,
      script: words[1] !== undefined && own > 1 ? words[1] : null,
      arguments: words.slice(own),
      context: null,
    };
  });
}
