/**
 * The one instance of the core that the codec uses. Between two calls of the codec nothing of a connection is kept in it, but
 * for the request or call that was received last, which its connection gives to it again where another has taken the place.
 */
import coreBytes from '../../dist/core.wasm';
import { CodecError } from '../core/errors.js';
import type { CoreExports } from '../core/exports.js';
import { exportsOf } from '../core/instance.js';
import { CoreMemory } from '../core/memory.js';
import { codecFault } from './errors.js';

export interface TheCore {
  readonly exports: CoreExports;
  readonly memory: CoreMemory;
  /** Who uses the one place for a request or a call. Whoever takes it says so here. */
  user: object | null;
}

let loaded: TheCore | undefined;

/** The core, made when it is first needed. */
export function theCore(): TheCore {
  loaded ??= open(coreBytes);
  return loaded;
}

/**
 * What core.wasm can be given as: its bytes, in a Uint8Array or an ArrayBuffer, or the `WebAssembly.Module` that they were compiled to. (TypeScript knows that class only where
 * its library for browsers is used.)
 */
export type CoreSource = Uint8Array | object;

/**
 * Makes the codec use this core.wasm, the package's `prefork-interp/core.wasm`, in place of the copy that it brings along. It is for hosts that will not compile
 * it in one go (`await WebAssembly.compileStreaming(fetch(url))`), and has to come before anything else is used: throws CodecError
 * ERR_CODEC_SEQUENCE afterwards. Throws ERR_CODEC_ARGUMENT where it is none, or another version's.
 */
export function useCore(source: CoreSource): void {
  if (loaded) throw codecFault('ERR_CODEC_SEQUENCE', 'the core is in use already');
  loaded = open(source instanceof ArrayBuffer ? new Uint8Array(source) : source);
}

function open(source: CoreSource): TheCore {
  let exports: CoreExports;
  try {
    exports = exportsOf(source as Uint8Array);
  } catch (error) {
    // The engine's own errors say what is wrong with the file: TypeError, CompileError, LinkError.
    if (error instanceof CodecError) throw error;
    throw codecFault('ERR_CODEC_ARGUMENT', `not core.wasm (${error instanceof Error ? error.message : error})`);
  }
  if (typeof exports.decoder_wanted !== 'function') throw codecFault('ERR_CODEC_ARGUMENT', 'another core.wasm');
  return { exports, memory: new CoreMemory(exports), user: null };
}
