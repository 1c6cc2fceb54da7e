import { closeSync, openSync, readSync } from 'node:fs';

const PIECE_BYTES = 16 * 1024;

/**
 * What a file of the kernel's (proc(5)) says. Not by readFileSync(), which calls `fs.openSync` and others as the script's initialisation has left them. Throws as openSync() and
 * readSync() do.
 */
export function readText(path: string): string {
  const file = openSync(path, 'r');
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    let text = '';
    for (let got = -1; got !== 0; ) {
      got = readSync(file, piece, 0, PIECE_BYTES, null);
      text += piece.toString('latin1', 0, got);
    }
    return text;
  } finally {
    closeSync(file);
  }
}
