import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The lock file beside a rendezvous' socket `.../sIDENT`; undefined for a socket of another name. */
export function lockFileOf(socketPath: string): string | undefined {
  const name = basename(socketPath);
  return name.startsWith('s') ? join(dirname(socketPath), `l${name.slice(1)}`) : undefined;
}

/**
 * Writes a process number into the lock file, in place of that of the client who has started the server: so that whoever waits in vain can look what has
 * become of it. (The socket does not tell: its peer is who made it listen, see unix(7), SO_PEERCRED.)
 */
export function writeServer(lockFile: string, pid: number): void {
  try {
    // Not made anew: it is the client's, who may have removed it.
    const file = openSync(lockFile, 'r+');
    try {
      ftruncateSync(file);
      writeSync(file, `${pid}\n`);
    } finally {
      closeSync(file);
    }
  } catch {
    // It is gone, and so is the rendezvous: the watcher says so.
  }
}
