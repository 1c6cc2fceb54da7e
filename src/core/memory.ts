import { E_NONE, E_STRING_TOO_LONG, STRING_LIMIT } from '../../assembly/constants.js';
import { codecError } from './errors.js';
import type { CoreExports } from './exports.js';

/** The core's memory as bytes. It never grows, so one view serves for ever. */
export class CoreMemory {
  readonly #bytes: Uint8Array;
  readonly #input: number;

  constructor(exports: CoreExports) {
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#input = exports.input();
  }

  /** A view, good until the core is called again. */
  view(address: number, length: number): Uint8Array {
    return this.#bytes.subarray(address, address + length);
  }

  copyOut(address: number, length: number): Uint8Array {
    return this.#bytes.slice(address, address + length);
  }

  /** The bytes from an address to the NUL behind them. */
  text(address: number): Uint8Array {
    return this.#bytes.slice(address, this.#bytes.indexOf(0, address));
  }

  write(address: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, address);
  }

  /** Hands bytes to the core's input and returns their length, as its functions want it. */
  input(bytes: Uint8Array): number {
    if (bytes.length > STRING_LIMIT) throw codecError(E_STRING_TOO_LONG);
    this.write(this.#input, bytes);
    return bytes.length;
  }
}

/** Throws where a function of the core says that something is wrong. */
export function check(code: number, subject = ''): void {
  if (code !== E_NONE) throw codecError(code, subject);
}
