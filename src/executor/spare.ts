import * as native from '../native.js';
import { rehearse } from '../server/rehearsal.js';
import type { ExecutorParts } from './become.js';
import type { IncomingCall } from './incoming.js';

/**
 * In a spare: does once what it will have to do when its call is there, so that the code is compiled and the pages are its own by then. Then waits for
 * the connection to a client, which is returned. Where the server has no use for this process any more, it ends.
 */
export function awaitCall(
  { core, log, protocol }: ExecutorParts,
  channel: number,
  prepare: (call: IncomingCall) => void,
): number {
  try {
    prepare(rehearse(core, protocol));
  } catch (error) {
    log('warning', `a call could not be rehearsed: ${(error as Error).message}`);
  }
  const { descriptors } = native.receive(channel, new Uint8Array(1), 1);
  const [connection] = descriptors;
  if (connection === undefined) return native.exitNow(0);
  native.close(channel);
  // A timer that is started now is not to count from when this process was made.
  native.refreshTime();
  return connection;
}
