/** Has the core receive a request or a call, of a connection that is one of many: all of them share its one place for that. */
import type { Held } from './held.js';
import type { TheCore } from './the-core.js';

/** A decoder of src/core that is received into. */
interface Decoder {
  space(): Uint8Array;
  received(bytes: number, descriptors: number): boolean;
}

/** A read that descriptors came with: where its bytes are among those that are held. */
export interface Mark {
  readonly start: number;
  readonly end: number;
  readonly descriptors: number;
}

export interface Receiving<D extends Decoder> {
  /** Begins in the core; whoever was there before has lost his place when `isCurrent` is false for him. */
  begin(isCurrent: () => boolean): D;
  /** How many bytes the core may be given, as far as is known: not one that is behind the message. */
  wanted(): number;
  /** Which byte of a read its descriptors belong to. */
  readonly descriptorsWith: 'first' | 'last';
}

/**
 * Bytes are given to the core as they come, so that an error shows as soon as it is there. Where another connection has taken the place since, they
 * are given to it anew; but only when there are twice as many as the last time, or all, so that connections that take turns cost a few times as
 * much as one after the other, whatever they send. What an error is does not depend on that, nor on how the bytes were cut.
 */
export class Reception<D extends Decoder> {
  readonly #core: TheCore;
  readonly #receiving: Receiving<D>;
  #decoder: D | undefined;
  /** How many of the bytes the core has been given; how many there have to be, as far as it has said. */
  #given = 0;
  #wanted = 0;

  constructor(core: TheCore, receiving: Receiving<D>) {
    this.#core = core;
    this.#receiving = receiving;
  }

  /** The decoder with the whole message in it; undefined where more is needed. Throws what the core says is wrong. */
  take(held: Held, marks: readonly Mark[]): { decoder: D; length: number } | undefined {
    const isNewMark = (marks.at(-1)?.end ?? 0) > this.#given;
    if (this.#core.user !== this) {
      if (held.length < Math.min(2 * this.#given, this.#wanted) && !isNewMark) return undefined;
      this.#core.user = this;
      this.#decoder = this.#receiving.begin(() => this.#core.user === this);
      this.#given = 0;
    }
    const decoder = this.#decoder as D;
    const { bytes } = held;
    for (;;) {
      this.#wanted = this.#receiving.wanted();
      const space = decoder.space();
      const end = Math.min(bytes.length, this.#wanted, this.#given + space.length, ...this.#bounds(marks));
      if (end <= this.#given) return undefined;
      space.set(bytes.subarray(this.#given, end));
      const start = this.#given;
      this.#given = end;
      if (decoder.received(end - start, this.#descriptors(marks, start, end))) return { decoder, length: end };
    }
  }

  /** Where reads with descriptors begin and end that are still to be given. */
  #bounds(marks: readonly Mark[]): number[] {
    return marks.flatMap(({ start, end }) => [start, end]).filter((bound) => bound > this.#given);
  }

  #descriptors(marks: readonly Mark[], start: number, end: number): number {
    const isFirst = this.#receiving.descriptorsWith === 'first';
    return marks.find((mark) => (isFirst ? mark.start === start : mark.end === end))?.descriptors ?? 0;
  }
}
