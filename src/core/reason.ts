import { REASON_LIMIT } from '../../assembly/constants.js';
import { encodeText } from './text.js';

/** As much of a text as the reason of a refusal may be long: whole characters. Needs no WebAssembly, which may be what a refusal is about. */
export function cutReason(text: string): Uint8Array {
  const bytes = encodeText(text);
  let end = Math.min(bytes.length, REASON_LIMIT);
  // A byte 10xxxxxx goes on with a character (RFC 3629); to cut before one would leave half of it.
  while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
