/** What a client reads of its server. No descriptors come from there. */
import { greetingDecoder, statusDecoder } from '../core/wire.js';
import { codecFault } from './errors.js';
import type { Held } from './held.js';
import { MessageReader } from './message-reader.js';
import type { FromServer, Greeting, Status } from './messages.js';
import type { Reader } from './reader.js';
import { theCore } from './the-core.js';

/** Version 1: a greeting, and in the end a status. Both are short, and are looked at anew whenever some of them comes. */
export function statusReader(): Reader<FromServer> {
  return {
    descriptorRoom: () => 0,
    read(held, _, state) {
      if (state === 'greeting') return greeting(held);
      if (state === 'running') return status(held);
      throw codecFault('ERR_CODEC_UNEXPECTED', `bytes of the server in the state ${state}`);
    },
  };
}

/** Version 2. */
export function answerReader(): Reader<FromServer> {
  const messages = new MessageReader();
  return { descriptorRoom: () => 0, read: (held) => messages.read(held) as FromServer | undefined };
}

function greeting(held: Held): Greeting | undefined {
  const { exports, memory } = theCore();
  const { bytes } = held;
  const result = greetingDecoder(exports, memory).push(bytes);
  if (!result.done) return undefined;
  const extension = bytes.slice(result.taken - result.extensionBytes, result.taken);
  held.drop(result.taken);
  return { kind: 'greeting', extension };
}

function status(held: Held): Status | undefined {
  const { exports, memory } = theCore();
  const result = statusDecoder(exports, memory).push(held.bytes);
  if (!result.done) return undefined;
  held.drop(result.taken);
  return { kind: 'status', status: result.status };
}
