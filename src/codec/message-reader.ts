import { E_NONE, MESSAGE_HEADER_BYTES, NEED_DATA } from '../../assembly/constants.js';
import { codecError } from '../core/errors.js';
import type { Message } from '../core/face.js';
import { contents } from '../core/message-decoder.js';
import type { Held } from './held.js';
import { theCore } from './the-core.js';

/** Takes the messages of version 2, but for the call, one at a time. Those of kinds that are not known are skipped. */
export class MessageReader {
  /** How many bytes there have to be before it is worth asking the core. */
  #wanted = MESSAGE_HEADER_BYTES;

  read(held: Held): Message | undefined {
    const { exports, memory } = theCore();
    while (held.length >= this.#wanted) {
      const code = exports.message_take(0, memory.input(held.bytes.subarray(0, this.#wanted)));
      if (code !== E_NONE && code !== NEED_DATA) throw codecError(code, memory.text(exports.message_subject()));
      this.#wanted = exports.message_wanted();
      if (code === NEED_DATA) continue;
      const message = contents(exports, memory);
      held.drop(this.#wanted);
      this.#wanted = MESSAGE_HEADER_BYTES;
      if (message) return message;
    }
    return undefined;
  }
}
