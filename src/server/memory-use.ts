import { freemem } from 'node:os';
import { readText } from '../read-text.js';
import { leftIn, type MemoryGroup, memoryGroups } from './control-groups.js';

const KIB = 1024;
/** All processes that wait for calls together take at most this part of what is left. */
const PART_FOR_SPARES = 1 / 16;

/** Whether it is right, with so many bytes left, that `count` processes wait for calls, if each takes `cost` bytes. */
export function isRoomForSpares(count: number, cost: number, left: number): boolean {
  return count <= 1 || count * cost <= left * PART_FOR_SPARES;
}

let groups: readonly MemoryGroup[] | undefined;

/**
 * Bytes that this process can get before the machine has to swap (MemAvailable in proc_meminfo(5), which libuv reads for this), or before a control group that it is in
 * meets its limit, whichever comes first.
 */
export function memoryLeft(): number {
  groups ??= memoryGroups();
  return Math.min(freemem(), ...groups.map(leftIn));
}

/** PSS in kB, from what /proc/PID/smaps_rollup says. */
export function pssKbIn(rollup: string): number | undefined {
  const found = /^Pss: +(\d+) kB$/m.exec(rollup);
  return found ? Number(found[1]) : undefined;
}

/** What a process takes in bytes, its share of what it shares with others counted (PSS in proc_pid_smaps(5)). Undefined where the kernel does not tell. */
export function memoryTakenBy(pid: number): number | undefined {
  try {
    const pssKb = pssKbIn(readText(`/proc/${pid}/smaps_rollup`));
    return pssKb === undefined ? undefined : pssKb * KIB;
  } catch {
    // ENOENT: an old kernel, or the process has ended.
    return undefined;
  }
}
