import * as native from '../native.js';
import { HANDED_OVER_TRACED } from '../server/spares.js';
import type { ExecutorParts } from './become.js';
import { commandLineOf, showCommandLine } from './command-line.js';
import type { Rehearsal } from './rehearsal.js';

/** A call that follows another at once has come by then. */
const QUIET_MS = 5;

/**
 * In a spare: serves a call of its own once, so that the pages that this touches are its own by then; then waits for the connection to a client, which is
 * returned, and whether its call is traced. Where the server has no use for this process any more, it ends.
 */
export function awaitCall(
  parts: ExecutorParts,
  channel: number,
  rehearsal: Rehearsal | undefined,
): { connection: number; traced: boolean } {
  try {
    // Where calls come one behind the other, this one is served sooner without.
    if (native.poll(Int32Array.of(channel, native.POLLIN, 0), QUIET_MS) === 0) {
      if (rehearsal) rehearsal.run('spare');
      else showCommandLine(commandLineOf('spare', parts.startedWith[1] ?? process.execPath), true);
    }
  } catch (error) {
    parts.log('warning', `a call could not be rehearsed: ${(error as Error).message}`);
  }
  const word = new Uint8Array(1);
  const { descriptors } = native.receive(channel, word, 1);
  const [connection] = descriptors;
  if (connection === undefined) return native.exitNow(0);
  native.close(channel);
  // A timer that is started now is not to count from when this process was made.
  native.refreshTime();
  return { connection, traced: word[0] === HANDED_OVER_TRACED };
}
