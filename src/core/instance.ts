/** The only user of WebAssembly. The module imports nothing, so it can do nothing but compute. */
import { CodecError } from './errors.js';
import type { CoreExports } from './exports.js';

/**
 * An instance of core.wasm, of its bytes or of what they were compiled to. Synchronous on purpose: asynchronous compilation would need
 * threads, which a forked process has lost.
 */
export function exportsOf(source: Uint8Array | WebAssembly.Module): CoreExports {
  const module = source instanceof Uint8Array ? new WebAssembly.Module(source) : source;
  try {
    return new WebAssembly.Instance(module).exports as CoreExports;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    // Up to version 22 V8 sets 8 GiB and more of address space aside for any memory, to find accesses outside it by
    // page faults (BackingStore::TryAllocateAndPartiallyCommitMemory), and does not make do with less.
    throw new CodecError(
      'ERR_CORE_MEMORY',
      `node could not set aside the address space that it wants for WebAssembly (${cause.message}): raise the limit ` +
        '(ulimit -v) to 20 GB or more, or use node 24',
    );
  }
}
