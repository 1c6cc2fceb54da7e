/**
 * What a script imports.
 *
 *     import { initialisationComplete } from 'prefork-interp';
 *     // .. imports and initialisation: once, in the server ..
 *     initialisationComplete();
 *     // .. the script's work: once per call, in a process of its own ..
 */
import { completeSetup } from './setup/complete.js';
import { declareDependencies } from './setup/depends-on.js';
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
  if (theirs) checked(theirs).initialisationComplete(options);
  else completeSetup(options);
}

/**
 * Makes the server depend on these paths, too: when what is there changes, the next call gets a new server. For what initialisation was made from and
 * nobody sees that it was: something read by a program that it started, what a static library reads, a directory whose entries matter.
 *
 * What counts is the state at this moment, so it is to be called before the path is read, and before initialisationComplete(). A directory
 * changes when it gets or loses an entry, and not with what the entries hold. Where nothing is, something that comes is the change. A relative path is one from the
 * working directory of this moment.
 *
 * Where prefork-interp did not start this process, in an executor, and in a worker thread it does nothing. Throws a PreforkError
 * (`ERR_PREFORK_PATH`) for what can be no path, wherever it is called.
 */
export function dependsOn(...paths: (string | URL)[]): void {
  const declare = theirs ? checked(theirs).dependsOn : (...own: typeof paths) => declareDependencies(own);
  if (!declare) throw disagreement("the client's is older, and does not know dependsOn()");
  declare(...paths);
}

/** Two copies of this package in one process: the one that was loaded first has what the client handed over. */
function checked(face: ProcessFace): ProcessFace {
  if (face.interfaceVersion === 1) return face;
  throw disagreement(`the client's has interface ${face.interfaceVersion}, the script's 1`);
}

function disagreement(what: string): Error {
  return new Error(`two copies of prefork-interp do not agree: ${what}; install the same version for both`);
}

if (!theirs && beginSetup()) {
  const face: ProcessFace = { interfaceVersion: 1, initialisationComplete, dependsOn };
  Object.defineProperty(process, 'preforkInterp', { value: face, configurable: true });
}
