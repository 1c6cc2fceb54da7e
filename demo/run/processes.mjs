/** Which processes belong to a run directory, by what the kernel tells of each in /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

/** Those that name it in the environment they were started with (clients, servers) or in their arguments (watchers). */
export function processesNaming(directory) {
  return readdirSync('/proc')
    .filter(
      (entry) => /^\d+$/.test(entry) && ['environ', 'cmdline'].some((file) => read(entry, file).includes(directory)),
    )
    .map(Number);
}

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    // It has ended (ENOENT, ESRCH), or is another user's (EACCES).
    return Buffer.of();
  }
}
