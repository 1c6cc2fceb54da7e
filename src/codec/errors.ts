/** What can be wrong beside what the core says: the order of what is said, and how the codec is used. docs/codec.md lists them all. */
import { CodecError } from '../core/errors.js';

const TEXTS = {
  ERR_CODEC_ARGUMENT: 'the codec was given a value that means nothing to it',
  ERR_CODEC_SEQUENCE: 'the codec was used out of turn',
  ERR_CODEC_UNEXPECTED: 'the other side said something when it had nothing to say',
  ERR_CODEC_DESCRIPTORS: 'descriptors came with bytes that never carry any',
  ERR_CODEC_TRUNCATED: 'the connection ended within a message',
} as const;

/** The codes that the codec adds to those of the core. */
export type CodecErrorCode = keyof typeof TEXTS;

export const CODEC_ERROR_CODES = Object.keys(TEXTS) as CodecErrorCode[];

/** `about`: what it was in this case. */
export function codecFault(code: CodecErrorCode, about: string): CodecError {
  return new CodecError(code, `${TEXTS[code]}: ${about}`);
}

/** Anything else than the codec's own errors comes of values of a wrong type: the engine's TypeError and RangeError say which. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CodecError) throw error;
    throw codecFault('ERR_CODEC_ARGUMENT', error instanceof Error ? error.message : String(error));
  }
}
