/**
 * What a script imports.
 *
 *     import { initialisationComplete } from 'prefork-interp';
 *     // .. imports and initialisation: once, in the server ..
 *     initialisationComplete();
 *     // .. the script's work: once per call, in a process of its own ..
 */
import { completeSetup } from './setup/complete.js';
import type { InitialisationOptions } from './setup/options.js';
import { beginSetup, type ProcessFace } from './setup/setup.js';

export { PreforkError } from './errors.js';
export type { InitialisationOptions } from './setup/options.js';

declare global {
  namespace NodeJS {
    interface Process {
      /** The same, for a script without this package; undefined where prefork-interp did not start the process. */
      preforkInterp?: ProcessFace;
    }
  }
}

const theirs = process.preforkInterp;

/**
 * To be called where initialisation is complete: what follows is run anew for each call, in a process forked from this state.
 *
 * Where prefork-interp did not start this process, and in an executor, it returns at once and nothing has changed. Otherwise it never
 * returns in the server, and returns once for each call, in a process with that call's own descriptors, arguments, environment.
 *
 * Throws a PreforkError for options that mean nothing and where the process cannot be forked safely (threads, requests in flight), or a
 * SystemError; then there is no server, and the script's failure is the caller's to see.
 */
export function initialisationComplete(options?: InitialisationOptions): void {
  // Two copies of this package in one process: the one that was loaded first has what the client handed over.
  if (theirs && theirs.interfaceVersion !== 1) {
    throw new Error(
      `two copies of prefork-interp do not agree: the client's has interface ${theirs.interfaceVersion}, the script's 1; ` +
        'install the same version for both',
    );
  }
  if (theirs) theirs.initialisationComplete(options);
  else completeSetup(options);
}

if (!theirs && beginSetup()) {
  const face: ProcessFace = { interfaceVersion: 1, initialisationComplete };
  Object.defineProperty(process, 'preforkInterp', { value: face, configurable: true });
}
