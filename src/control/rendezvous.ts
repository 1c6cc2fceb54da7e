import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { ControlError } from './control-error.js';
import { readDecimal } from './proc.js';

/** What lies in the run directory for one ident. */
export interface Rendezvous {
  /** What socket and lock file have in common: their names without the letter. */
  readonly ident: string;
  readonly socket: string;
  /** By its name; one that was given with -g may be either. */
  readonly protocol: 1 | 2;
  /** Undefined where the file is not there. */
  readonly socketStats: Stats | undefined;
  readonly lockStats: Stats | undefined;
  /** What the lock file says: who starts the server, or is it. Undefined where it says nothing, as with those of other libraries. */
  readonly notedPid: number | undefined;
}

/** Names of scheme 2 have this before the ident (docs/protocol.md). */
const MARK_OF_OURS = '2.';

/** All rendezvous of a run directory, sorted by ident; none where there is no such directory. */
export function readRendezvous(directory: string): Rendezvous[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new ControlError(message);
  }
  const idents = new Set(names.filter((name) => /^[ls]./.test(name)).map((name) => name.slice(1)));
  return [...idents].sort().map((ident) => rendezvousOf(directory, ident));
}

/** The rendezvous of this name, whether anything of it is there or not. */
export function rendezvousOf(directory: string, ident: string): Rendezvous {
  const socket = join(directory, `s${ident}`);
  const lock = join(directory, `l${ident}`);
  return {
    ident,
    socket,
    protocol: ident.startsWith(MARK_OF_OURS) ? 2 : 1,
    socketStats: look(socket),
    lockStats: look(lock),
    notedPid: notedIn(lock),
  };
}

function look(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function notedIn(lock: string): number | undefined {
  try {
    return readDecimal(readFileSync(lock, 'latin1').trim());
  } catch {
    // There is none: its server has ended, or has never been.
    return undefined;
  }
}
