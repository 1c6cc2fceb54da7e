import type { State } from './dialogue.js';
import type { Held } from './held.js';
import type { Mark } from './reception.js';

/** Takes what one side says out of the bytes that have come of it. */
export interface Reader<Received> {
  /**
   * Takes the next message off the front of `held`, of which there is at least one byte; undefined where it is not whole yet. Throws CodecError.
   * `marks`: the reads with descriptors, of a first message.
   */
  read(held: Held, marks: readonly Mark[], state: State): Received | undefined;
  /** How many descriptors may come with the next bytes. */
  descriptorRoom(state: State, held: Held, marks: readonly Mark[]): number;
}
