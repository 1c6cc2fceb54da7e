import { encodeText } from '../core/text.js';
import { codecFault } from './errors.js';

/** A string of bytes as the kernel knows them, or text that is to be UTF-8. What comes out of the codec is always bytes. */
export type Bytes = Uint8Array | string;

export function toBytes(given: Bytes): Uint8Array {
  if (typeof given === 'string') return encodeText(given);
  if (given instanceof Uint8Array) return given;
  throw codecFault('ERR_CODEC_ARGUMENT', `${typeof given} where bytes or text are expected`);
}

export function listOfBytes(given: readonly Bytes[]): Uint8Array[] {
  if (!Array.isArray(given)) throw codecFault('ERR_CODEC_ARGUMENT', `${typeof given} where a list is expected`);
  return given.map(toBytes);
}
