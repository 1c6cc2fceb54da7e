import { freemem } from 'node:os';
import { readText } from '../read-text.js';

const KIB = 1024;
/** All processes that wait for calls together take at most this part of what is left. */
const PART_FOR_SPARES = 1 / 16;

/** Whether it is right, with so many bytes left, that `count` processes wait for calls, if each takes `cost` bytes. */
export function isRoomForSpares(count: number, cost: number, left: number): boolean {
  return count <= 1 || count * cost <= left * PART_FOR_SPARES;
}

/** Bytes that programs can get before the machine has to swap (MemAvailable in proc_meminfo(5), which libuv reads for this). */
export function memoryLeft(): number {
  return freemem();
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
