/** Looks for bytes in the memory of another process (proc_pid_mem(5)). */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const PIECE_BYTES = 1 << 20;

/** Whether the kernel lets this process read the memory of any other of its user: ptrace(2), ptrace_scope. */
export function canReadMemory(): boolean {
  if (process.getuid?.() === 0) return true;
  try {
    return readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'utf8').trim() === '0';
  } catch {
    // Without Yama the classic rules hold.
    return true;
  }
}

/** Those of `words` that are somewhere in what the process can read itself: as bytes, or as V8 keeps a string that is not Latin-1. */
export function foundInMemory(pid: number, words: readonly string[]): string[] {
  const patterns = words.flatMap((word) => [Buffer.from(word, 'utf8'), Buffer.from(word, 'utf16le')]);
  const overlap = Math.max(...patterns.map(({ length }) => length)) - 1;
  const found = new Set<string>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const [start, end] of readableRegions(pid)) {
      for (let at = start; at < end; at += PIECE_BYTES) {
        const piece = readAt(memory, at, Math.min(PIECE_BYTES + overlap, end - at));
        for (const [index, pattern] of patterns.entries()) {
          if (piece.includes(pattern)) found.add(words[index >> 1] as string);
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return words.filter((word) => found.has(word));
}

/** From proc_pid_maps(5). Programs and libraries are left out as far as they are mapped to be executed: nobody writes there. */
function readableRegions(pid: number): [start: number, end: number][] {
  return readFileSync(`/proc/${pid}/maps`, 'latin1')
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const [range = '', rights = '', , , inode, name = ''] = line.split(/\s+/);
      const [start = 0, end = 0] = range.split('-').map((text) => Number.parseInt(text, 16));
      const isProgram = rights.includes('x') && inode !== '0';
      // The kernel's own pages (vdso(7)) hold nothing of the process.
      const isKernels = /^\[v/.test(name);
      return rights.startsWith('r') && !isProgram && !isKernels ? [[start, end] as [number, number]] : [];
    });
}

const buffer = Buffer.alloc(PIECE_BYTES * 2);

/** As much of it as is there. */
function readAt(memory: number, at: number, bytes: number): Buffer {
  let length = 0;
  try {
    while (length < bytes) {
      const read = readSync(memory, buffer, length, bytes - length, at + length);
      if (read === 0) break;
      length += read;
    }
  } catch (error) {
    // EIO: pages that the process could not read either, such as those of a file behind its end.
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error;
  }
  return buffer.subarray(0, length);
}
