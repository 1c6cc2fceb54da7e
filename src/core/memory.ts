import { E_ARGUMENT, E_NONE, STRING_LIMIT } from '../../assembly/constants.js';
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

  /**
   * Copies bytes to where the core wants them, if they fit, and returns their length. Bytes that do not fit stay where they
   * are: the core is told the length all the same, and it is the core that says what is wrong.
   */
  put(address: number, room: number, bytes: Uint8Array): number {
    if (bytes.length <= room) this.#bytes.set(bytes, address);
    return bytes.length;
  }

  /** Hands bytes to the core's input and returns their length, as its functions want it. */
  input(bytes: Uint8Array): number {
    return this.put(this.#input, STRING_LIMIT, bytes);
  }
}

/** Throws where a function of the core says that something is wrong. */
export function check(code: number, subject?: Uint8Array): void {
  if (code !== E_NONE) throw codecError(code, subject);
}

/** A number as the core takes one, signed or not; throws where it would become another one on the way. */
export function number32(value: number): number {
  if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32) throw codecError(E_ARGUMENT);
  return value;
}

/** The same of a number of eight bytes that has no sign. */
export function number64(value: bigint): bigint {
  if (value < 0n || value >= 2n ** 64n) throw codecError(E_ARGUMENT);
  return value;
}
