import * as native from '../native.js';

const NUL = Buffer.alloc(1);

/** What ps(1) shows of a process that is no call. */
export function commandLineOf(part: 'server' | 'spare', script: string): Uint8Array[] {
  return [Buffer.from(`prefork-interp: ${part} ${script}`)];
}

/**
 * What ps(1) shows of this process. Not every kernel and sandbox lets a process change that (PR_SET_MM_MAP of prctl(2)), and no call is
 * to fail for it: the line then stays what it was. `apart`: not where `process.title` is, which stays what it is.
 */
export function showCommandLine(words: readonly Uint8Array[], apart = false): void {
  try {
    native.setCommandLine(Buffer.concat(words.flatMap((word) => [word, NUL])), apart);
  } catch {
    // See above.
  }
}
