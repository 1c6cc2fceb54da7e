import * as native from '../native.js';
import type { CallTrace } from './call-trace.js';
import type { Ends } from './ends.js';
import { type Forked, forkExecutor } from './fork-executor.js';
import { MAX_SPARES, SPARE_REST_MS } from './limits.js';
import { isRoomForSpares, memoryLeft, memoryTakenBy } from './memory-use.js';
import { POLLIN, type PollSet } from './poll-set.js';
import type { Log } from './syslog.js';

const NEVER = Number.POSITIVE_INFINITY;
/** What comes with the connection: whether the call is traced. */
const HANDED_OVER = Uint8Array.of(1);
export const HANDED_OVER_TRACED = 2;
const TRACED_WORD = Uint8Array.of(HANDED_OVER_TRACED);
const SIGKILL = native.signalNumber('SIGKILL');

/** An executor that was forked ahead of its call. It waits at the other end of `channel`. Whoever takes it owns its pidfd and its place. */
export interface Spare extends Forked {
  readonly channel: number;
  /** In {@link Ends}. */
  readonly place: number;
}

/** What a new spare has, in its own process. */
export interface SpareStart {
  /** On which its call will come. */
  readonly channel: number;
  readonly place: number;
}

/**
 * The executors that wait for a call, so that neither the fork nor the first touch of its pages is on the way of one. A server's state is the same from the
 * end of initialisation to its own end, so a spare is never older than what it stands for.
 *
 * How many is learnt from the calls: one more where a call found none, up to a limit and as far as there is memory for them; one again after a while without
 * a call.
 */
export class Spares {
  readonly #polled: PollSet;
  readonly #ends: Ends;
  readonly #log: Log;
  readonly #most: number;
  readonly #waiting: Spare[] = [];
  #wanted = 1;
  /** When to let go of all but one; Infinity while there is no more than that. */
  #restAt = NEVER;
  #over = false;
  #allowed = true;
  /** Not again at once where a fork has failed, or there was no memory for it. */
  #notBefore = Number.NEGATIVE_INFINITY;
  /** What one takes, in bytes, once that was of interest. */
  #cost: number | undefined;

  /** `most`: no more calls than this run at once; negative: no limit. */
  constructor(polled: PollSet, ends: Ends, log: Log, most: number) {
    this.#polled = polled;
    this.#ends = ends;
    this.#log = log;
    this.#most = most < 0 ? MAX_SPARES : Math.min(most, MAX_SPARES);
  }

  /** When {@link rest} is to be called again. */
  get deadline(): number {
    return this.#restAt;
  }

  /** What they own of the server's descriptors: nobody else's process is to have it. */
  get descriptors(): number[] {
    return this.#waiting.flatMap(({ channel, pidfd }) => [channel, pidfd]);
  }

  /** Hands `connection` to a spare, of which the caller keeps a copy. Undefined where there is none. `trace`: of the call, if it is traced. */
  handOver(connection: number, trace: CallTrace | undefined): Spare | undefined {
    for (let spare = this.#take(); spare; spare = this.#take()) {
      try {
        if (trace) trace.executor = this.#ends.momentsOf(spare.place);
        native.send(spare.channel, trace ? TRACED_WORD : HANDED_OVER, [connection], native.MSG_DONTWAIT);
        native.close(spare.channel);
        return spare;
      } catch (error) {
        this.#lost(spare, (error as Error).message);
      }
    }
    this.#wanted = Math.min(this.#wanted + 1, this.#most);
    return undefined;
  }

  /** How many wait. */
  get count(): number {
    return this.#waiting.length;
  }

  get wantsMore(): boolean {
    return !this.#over && this.#allowed && this.#waiting.length < this.#wanted && performance.now() >= this.#notBefore;
  }

  /** Forks one more, if there is memory for it. Returns in the new process what it has. */
  replenish(): SpareStart | undefined {
    if (!this.#isRoom()) {
      this.#notBefore = performance.now() + SPARE_REST_MS;
      return undefined;
    }
    this.#restAt = this.#wanted > 1 ? performance.now() + SPARE_REST_MS : NEVER;
    const place = this.#ends.take();
    const open: number[] = [];
    try {
      const [kept, given] = native.socketPair();
      open.push(kept, given);
      const forked = forkExecutor();
      if (!forked) {
        native.close(kept);
        return { channel: given, place };
      }
      native.close(given);
      this.#waits({ ...forked, channel: kept, place });
    } catch (error) {
      // Calls are served all the same, each by a fork of its own. A spare of which nobody knows ends with its channel.
      this.#log('warning', `no executor could be forked ahead of its call: ${(error as Error).message}`);
      native.closeAll(open);
      this.#ends.release(place);
      this.#notBefore = performance.now() + SPARE_REST_MS;
    }
    return undefined;
  }

  /** Lets go of all but one, if it is time to. */
  rest(now: number): void {
    if (now < this.#restAt) return;
    this.#restAt = NEVER;
    this.#wanted = 1;
    while (this.#waiting.length > 1) this.#dismiss(this.#waiting[0] as Spare);
  }

  /** Whether any may wait. Where not, lets all go. */
  allow(allowed: boolean): void {
    this.#allowed = allowed;
    if (!allowed) this.#dismissAll();
  }

  /** Lets all go, and has no more. */
  end(): void {
    this.#over = true;
    this.#dismissAll();
  }

  #dismissAll(): void {
    this.#restAt = NEVER;
    for (const spare of [...this.#waiting]) this.#dismiss(spare);
  }

  #isRoom(): boolean {
    const [first] = this.#waiting;
    if (!first) return true;
    this.#cost ??= memoryTakenBy(first.pid);
    return isRoomForSpares(this.#waiting.length + 1, this.#cost ?? 0, memoryLeft());
  }

  #waits(spare: Spare): void {
    this.#waiting.push(spare);
    this.#polled.watch(spare.pidfd, { events: POLLIN, ready: () => this.#lost(spare, 'it has ended') });
  }

  #take(): Spare | undefined {
    const spare = this.#waiting.shift();
    if (spare) this.#polled.forget(spare.pidfd);
    return spare;
  }

  /** Somebody has killed it: the memory was short, say. */
  #lost(spare: Spare, why: string): void {
    this.#log('warning', `process ${spare.pid}, which waited for a call, is lost: ${why}`);
    this.#dismiss(spare);
  }

  /** The wait is a short one: it has nothing to do but to leave. */
  #dismiss(spare: Spare): void {
    const at = this.#waiting.indexOf(spare);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#polled.forget(spare.pidfd);
    native.close(spare.channel);
    native.sendSignal(spare.pid, SIGKILL);
    native.wait(spare.pid, false);
    native.close(spare.pidfd);
    this.#ends.release(spare.place);
  }
}
