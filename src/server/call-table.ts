import type { Call, CallState } from './call.js';

/** The calls that are not over yet, in the order in which they came. */
export class CallTable implements Iterable<Call> {
  readonly #calls = new Set<Call>();
  readonly #maxExecuting: number;

  /** `maxExecuting` negative: no limit. */
  constructor(maxExecuting: number) {
    this.#maxExecuting = maxExecuting;
  }

  [Symbol.iterator](): Iterator<Call> {
    return this.#calls.values();
  }

  /** Whether nothing is left that a retiring server has to wait for. */
  get isEmpty(): boolean {
    for (const { state } of this.#calls) if (state !== 'attending') return false;
    return true;
  }

  add(call: Call): void {
    this.#calls.add(call);
  }

  delete(call: Call): void {
    this.#calls.delete(call);
  }

  count(state: CallState): number {
    let count = 0;
    for (const call of this.#calls) if (call.state === state) count += 1;
    return count;
  }

  first(state: CallState): Call | undefined {
    for (const call of this.#calls) if (call.state === state) return call;
    return undefined;
  }

  /** The call of an executor. */
  ofProcess(pid: number): Call | undefined {
    for (const call of this.#calls) if (call.pid === pid && call.executing) return call;
    return undefined;
  }

  /** The executors that have been receiving for too long, in the order in which they came. */
  get slow(): Call[] {
    return [...this.#calls].filter(({ slow, state }) => slow && state === 'receiving');
  }

  /** Whether one more executor may be started. */
  get mayStart(): boolean {
    return this.#maxExecuting < 0 || this.#executing() < this.#maxExecuting;
  }

  /** Whether one more call could be started at once, those that wait already included. */
  get mayAccept(): boolean {
    return this.#maxExecuting < 0 || this.#executing() + this.count('waiting') < this.#maxExecuting;
  }

  /** Whether an executor is at work, and may be for a short time only. */
  get hasShort(): boolean {
    for (const { state, told } of this.#calls) if ((state === 'receiving' || state === 'running') && !told) return true;
    return false;
  }

  /** Whether a process group outlives its executor and its client. */
  get hasOrphans(): boolean {
    for (const { orphaned } of this.#calls) if (orphaned) return true;
    return false;
  }

  /** The earliest time at which something is to be done about a call; Infinity where there is none. */
  get deadline(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { deadline, lookAt } of this.#calls) earliest = Math.min(earliest, deadline, lookAt);
    return earliest;
  }

  #executing(): number {
    let executing = 0;
    for (const call of this.#calls) if (call.executing && !(call.slow && call.state === 'receiving')) executing += 1;
    return executing;
  }
}
