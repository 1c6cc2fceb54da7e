import { CALL_DESCRIPTORS } from '../../assembly/constants.js';
import type { Core } from '../core.js';
import type { IncomingCall } from './incoming.js';
import { receiveCall } from './receive.js';

/** Reads one version 2 call from `connection`, `limitMs` milliseconds at most in all. */
export function receiveContextCall(core: Core, connection: number, limitMs: number): IncomingCall {
  const decoder = core.callDecoder();
  return receiveCall(decoder, connection, limitMs, CALL_DESCRIPTORS, (descriptors) => {
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
  });
}
