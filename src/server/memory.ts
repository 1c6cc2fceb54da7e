import { freemem } from 'node:os';
import { readText } from '../read-text.js';

const KIB = 1024;
/** Where less is left, no process waits for a call: the next one would be forked for it, as if there were no spares. */
export const SHORT_OF_MEMORY_BYTES = 64 * 2 ** 20;
/** All that wait together take at most this part of what is left. */
const PART_FOR_SPARES = 1 / 16;

/** Whether it is right, with so many bytes left, that `count` processes wait for calls, if each takes `cost` bytes. */
export function isRoomForSpares(count: number, cost: number, left: number): boolean {
  return left >= SHORT_OF_MEMORY_BYTES && (count <= 1 || count * cost <= left * PART_FOR_SPARES);
}

/** Bytes that this process and its children can still take without harm to others: of the machine, and where Node tells (20.13) of the control group. */
export function memoryLeft(): number {
  return process.availableMemory?.() ?? freemem();
}

/** What a process takes in bytes, its share of what it shares with others counted (PSS in proc_pid_smaps(5)). Undefined where the kernel does not tell. */
export function memoryTakenBy(pid: number): number | undefined {
  try {
    const pss = /^Pss: +(\d+) kB$/m.exec(readText(`/proc/${pid}/smaps_rollup`))?.[1];
    return pss === undefined ? undefined : Number(pss) * KIB;
  } catch {
    // ENOENT: an old kernel, or the process has ended.
    return undefined;
  }
}
