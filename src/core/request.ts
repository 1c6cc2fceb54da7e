/** Requests over core.wasm: a decoder that is received into, and an encoder. */
import { E_SEQUENCE, FRAMING_FIRST_DESIGN, FRAMING_RELEASED, NEED_DATA } from '../../assembly/constants.js';
import { codecError } from './errors.js';
import type { CoreExports } from './exports.js';
import type { Framing, Request, RequestDecoder } from './face.js';
import { type CoreMemory, check } from './memory.js';

export class WasmRequestDecoder implements RequestDecoder {
  readonly #exports: CoreExports;
  readonly #memory: CoreMemory;
  /** The core holds one request; whether it is still this decoder's. */
  readonly #isCurrent: () => boolean;

  constructor(exports: CoreExports, memory: CoreMemory, isCurrent: () => boolean) {
    this.#exports = exports;
    this.#memory = memory;
    this.#isCurrent = isCurrent;
    exports.decoder_begin();
  }

  space(): Uint8Array {
    if (!this.#isCurrent()) throw codecError(E_SEQUENCE);
    return this.#memory.view(this.#exports.decoder_space(), this.#exports.decoder_room());
  }

  received(bytes: number, descriptors: number): boolean {
    if (!this.#isCurrent()) throw codecError(E_SEQUENCE);
    const code = this.#exports.decoder_received(bytes, descriptors);
    if (code === NEED_DATA) return false;
    check(code);
    return true;
  }

  get request(): Request {
    const core = this.#exports;
    if (!this.#isCurrent() || core.decoder_complete() === 0) throw codecError(E_SEQUENCE);
    return {
      framing: core.decoder_framing() === FRAMING_RELEASED ? 'released' : 'first-design',
      environment: this.#memory.copyOut(core.decoder_environment(), core.decoder_environment_length()),
      arguments: split(this.#memory.copyOut(core.decoder_arguments(), core.decoder_arguments_length())),
    };
  }
}

/** Cuts strings, each ended by NUL, apart: views of one copy, found in one pass. */
export function split(bytes: Uint8Array): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0, start);
    strings.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return strings;
}

export function encodeRequest(
  core: CoreExports,
  memory: CoreMemory,
  framing: Framing,
  environment: Uint8Array[],
  args: Uint8Array[],
): Uint8Array {
  check(core.request_begin(framing === 'released' ? FRAMING_RELEASED : FRAMING_FIRST_DESIGN));
  for (const entry of environment) check(core.request_environment(put(core, memory, entry)));
  for (const argument of args) check(core.request_argument(put(core, memory, argument)));
  check(core.request_end());
  return memory.copyOut(core.request_bytes(), core.request_length());
}

function put(core: CoreExports, memory: CoreMemory, string: Uint8Array): number {
  return memory.put(core.request_string(), core.request_room(), string);
}
