/** Bytes that have come and are no whole message yet. Room is taken as they come, and never for what a length only announces. */

const SMALLEST = 256;

export class Held {
  #bytes = new Uint8Array();
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** All of them: a view, good until more come. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Keeps a copy. */
  add(more: Uint8Array): void {
    if (this.#end + more.length > this.#bytes.length) this.#makeRoom(this.length + more.length);
    this.#bytes.set(more, this.#end);
    this.#end += more.length;
  }

  /** Lets go of the first of them. */
  drop(count: number): void {
    this.#start += count;
    if (this.length > 0) return;
    this.#bytes = new Uint8Array();
    this.#start = 0;
    this.#end = 0;
  }

  /** Twice as much as before, so that each byte is copied a few times at most, however many pieces they come in. */
  #makeRoom(wanted: number): void {
    const bytes = new Uint8Array(Math.max(wanted, 2 * this.length, SMALLEST));
    bytes.set(this.bytes);
    this.#end = this.length;
    this.#start = 0;
    this.#bytes = bytes;
  }
}
