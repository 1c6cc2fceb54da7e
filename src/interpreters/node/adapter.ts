import { setupHasBegun } from '../../setup/setup.js';
import { observeLoading } from './loaded-files.js';

/**
 * What the client has node do ahead of the script (`node --require adapter.cjs SCRIPT`). By then this library has put itself on
 * `process`, for a script with nothing installed beside it, and has done what has to come first: random numbers, standard streams, the
 * tasks of V8. Here what the script loads begins to be noted. A worker thread gets here as well, and has no use for it.
 */
export function adapt(adapter: string): void {
  if (!setupHasBegun()) return;
  observeLoading();
  // The script, and every process or worker that it starts, is to see the interpreter's arguments as its author gave them.
  const at = process.execArgv.indexOf(adapter);
  if (at > 0) process.execArgv.splice(at - 1, 2);
}
