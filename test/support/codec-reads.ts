/** Bytes as a socket gives them to the codec, and what the codec makes of them. */
import {
  type ClientConnection,
  CodecError,
  type FromClient,
  type FromServer,
  type Piece,
  type ServerConnection,
} from 'prefork-interp/codec';

export interface Read {
  readonly bytes: Uint8Array;
  /** How many descriptors come with it. */
  readonly descriptors: number;
}

/**
 * The pieces, further cut at these places (as parts of the whole), as one read each: descriptors come with the first byte of their piece. (A kernel
 * gives several pieces in one read where only the last has descriptors; the vectors have that.)
 */
export function readsOf(pieces: readonly Piece[], parts: readonly number[]): Read[] {
  const length = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const places = new Set(parts.map((part) => Math.floor(part * length)));
  let at = 0;
  return pieces.flatMap(({ bytes, descriptors }) => {
    const bounds = [
      0,
      ...[...places].map((place) => place - at).filter((place) => place > 0 && place < bytes.length),
      bytes.length,
    ];
    bounds.sort((a, b) => a - b);
    at += bytes.length;
    return bounds.slice(1).map((end, index) => ({
      bytes: bytes.subarray(bounds[index], end),
      descriptors: index === 0 ? descriptors.length : 0,
    }));
  });
}

/** All events, and the code of the error that ended them. Anything else that is thrown is thrown on. */
export function took(
  connection: ClientConnection | ServerConnection,
  reads: readonly Read[],
): { events: (FromClient | FromServer)[]; error: string | undefined } {
  const events: (FromClient | FromServer)[] = [];
  try {
    for (const { bytes, descriptors } of reads) {
      for (const event of connection.receive(bytes, descriptors)) events.push(event);
    }
    return { events, error: undefined };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return { events, error: error.code };
  }
}
