import { setupHasBegun } from '../../setup/setup.js';
import { observeLoading } from './loaded-files.js';
import { rehearseTicks } from './ticks.js';

/**
 * What the client has node do ahead of the script (`node --require adapter.cjs SCRIPT`). By then this library has put itself on
 * `process`, for a script with nothing installed beside it, and has done what has to come first: random numbers, standard streams, the
 * tasks of V8. Here what the script loads begins to be noted. Each worker thread gets here as well, for its own arguments only.
 */
export function adapt(adapter: string): void {
  // The script, its workers and the processes that it forks are to see the interpreter's arguments as its author gave them.
  const at = process.execArgv.indexOf(adapter);
  if (at > 0) process.execArgv.splice(at - 1, 2);
  if (!setupHasBegun()) return;
  observeLoading();
  rehearseTicks();
}
