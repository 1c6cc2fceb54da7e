/** Which processes of this user were started with a variable of this value: the kernel keeps it in /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

export function processesWith(name, value) {
  const wanted = `${name}=${value}`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && environmentOf(entry).includes(wanted))
    .map(Number);
}

function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has ended (ENOENT, ESRCH), or is another user's (EACCES).
    return [];
  }
}
