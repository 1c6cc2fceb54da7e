import { memoryLeft } from './memory-use.js';

/** Calls may come a thousand a second, and memory does not go so fast that every one would have to look. */
const LOOK_INTERVAL_MS = 1_000;
const BYTES_PER_MB = 2 ** 20;

/** What a script has set, in MB; negative: no such limit. */
export interface MemoryLimits {
  readonly maxMemoryMb: number;
  readonly minAvailableMb: number;
}

/** `short`: spares are too much. `retire`: the server itself is, and why. */
export type MemoryState = 'enough' | 'short' | { readonly retire: string };

/** What is looked at, in MB. */
export interface MemoryUse {
  /** Of this process (VmRSS). */
  own(): number;
  /** What is left of the machine's, and of that of the control groups that this process is in. */
  available(): number;
}

/** Whether a server may stay as it is. It is to be asked when a call has come, and never wakes anybody. */
export class Memory {
  readonly #limits: MemoryLimits;
  readonly #use: MemoryUse;
  #state: MemoryState = 'enough';
  #lookAt = Number.NEGATIVE_INFINITY;

  constructor(limits: MemoryLimits, use: MemoryUse = MACHINE) {
    this.#limits = limits;
    this.#use = use;
  }

  /** `now`: by performance.now(). */
  state(now: number): MemoryState {
    if (now < this.#lookAt) return this.#state;
    this.#lookAt = now + LOOK_INTERVAL_MS;
    this.#state = this.#look();
    return this.#state;
  }

  #look(): MemoryState {
    const { maxMemoryMb, minAvailableMb } = this.#limits;
    const own = this.#use.own();
    if (maxMemoryMb >= 0 && own > maxMemoryMb)
      return { retire: `it has grown to ${Math.round(own)} MB, more than maxMemoryMb` };
    if (minAvailableMb < 0) return 'enough';
    const available = this.#use.available();
    // Its spares first: they are the most that can be given back without making a call slow.
    if (available >= minAvailableMb) return 'enough';
    if (available >= minAvailableMb / 2) return 'short';
    return { retire: `memory is short: ${Math.round(available)} MB are left` };
  }
}

const MACHINE: MemoryUse = {
  own: () => process.memoryUsage.rss() / BYTES_PER_MB,
  available: () => memoryLeft() / BYTES_PER_MB,
};
