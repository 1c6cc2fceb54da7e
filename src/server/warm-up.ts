import { Garbage } from './garbage.js';
import type { Log } from './syslog.js';

/** Until the functions that it runs are fast; twice as often makes none of them faster (docs/performance.md). */
const REHEARSALS = 40;

/**
 * Brings a server into the state in which it is forked from then on: what an executor does was done here often enough to be compiled, and memory holds
 * little that is of no use. In pieces of a few milliseconds, for a server that has nothing else to do.
 */
export class WarmUp {
  readonly #log: Log;
  readonly #garbage = new Garbage();
  #steps: (() => void)[];
  #failed = false;

  /** `once`: what is worth to be done once; `often`: what each executor does for its call. */
  constructor(once: readonly (() => void)[], often: () => void, log: Log) {
    this.#log = log;
    this.#steps = [
      () => this.#garbage.collectInitial(),
      ...once,
      ...new Array<() => void>(REHEARSALS).fill(often),
      () => this.#garbage.collectAll(),
    ];
  }

  /** Whether anything is left to do. */
  get pending(): boolean {
    return this.#steps.length > 0;
  }

  /** Does one piece of it. */
  step(): void {
    const step = this.#steps.shift();
    if (step) this.#attempt(step);
  }

  /** Where it fails calls are served all the same, only slower. What has failed once would fail again. */
  #attempt(what: () => void): void {
    if (this.#failed) return;
    try {
      what();
    } catch (error) {
      this.#log('warning', `the server cannot warm up: ${(error as Error).message}`);
      this.#failed = true;
      this.#steps = [];
    }
  }

  /** Clears up what the last calls have left. */
  tidy(): void {
    this.#attempt(() => this.#garbage.collectNew());
  }
}
