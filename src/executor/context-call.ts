import type { Core } from '../core.js';
import * as native from '../native.js';
import type { IncomingCall } from './incoming.js';
import { receiveAll } from './receive.js';

/** Standard input, output and error, and the working directory. */
const DESCRIPTORS = 4;

/**
 * Reads one version 2 call from `connection`, `limitMs` milliseconds at most in all. On every failure the descriptors that had come are
 * closed again, and what was wrong is thrown.
 */
export function receiveContextCall(core: Core, connection: number, limitMs: number): IncomingCall {
  const descriptors: number[] = [];
  try {
    const decoder = core.callDecoder();
    receiveAll(decoder, connection, limitMs, descriptors, DESCRIPTORS);
    const { stdio, cwd, umask, nice, limits, affinity, script, arguments: own, environment } = decoder.call;
    // The decoder has made sure that there are as many as the call says.
    let at = 0;
    const take = (sent: boolean | number): number | null => (sent ? (descriptors[at++] ?? null) : null);
    return {
      descriptors: [take(stdio & 1), take(stdio & 2), take(stdio & 4)],
      environment,
      script,
      arguments: own,
      context: { cwd: take(cwd), umask, nice, limits, affinity },
    };
  } catch (error) {
    for (const descriptor of descriptors) native.close(descriptor);
    throw error;
  }
}
