/** What a server reads of its client. */
import {
  CALL_DESCRIPTORS,
  E_MESSAGE_KIND,
  E_MESSAGE_TRAILING,
  E_REQUEST_TRAILING,
  MESSAGE_HEADER_BYTES,
  REQUEST_DESCRIPTORS,
} from '../../assembly/constants.js';
import { WasmCallDecoder } from '../core/call.js';
import { codecError } from '../core/errors.js';
import { messageHeader } from '../core/message.js';
import { split, WasmRequestDecoder } from '../core/request.js';
import { namesOf, STANDARD } from './descriptors.js';
import { moves } from './dialogue.js';
import { codecFault } from './errors.js';
import type { Held } from './held.js';
import { MessageReader } from './message-reader.js';
import type { Call, FromClient, Request } from './messages.js';
import type { Reader } from './reader.js';
import { type Mark, Reception } from './reception.js';
import { type TheCore, theCore } from './the-core.js';

/** Version 1: one request, and nothing behind it. */
export function requestReader(): Reader<FromClient> {
  const core = theCore();
  const reception = new Reception(core, {
    begin: (isCurrent) => new WasmRequestDecoder(core.exports, core.memory, isCurrent),
    wanted: () => core.exports.decoder_wanted(),
    descriptorsWith: 'last',
  });
  return {
    descriptorRoom: (state, _, marks) =>
      state === 'greeting' || state === 'request' ? Math.max(REQUEST_DESCRIPTORS - came(marks), 0) : 0,
    read(held, marks, state): Request | undefined {
      if (state !== 'request') throw codecError(E_REQUEST_TRAILING);
      const whole = reception.take(held, marks);
      if (!whole) return undefined;
      const { framing, environment, arguments: words } = whole.decoder.request;
      held.drop(whole.length);
      return { kind: 'request', framing, descriptors: STANDARD, environment: split(environment), arguments: words };
    },
  };
}

/** Version 2: a call or a control first, and signals while the call runs. */
export function callReader(): Reader<FromClient> {
  const core = theCore();
  const later = new MessageReader();
  const first = new FirstMessage(core);
  return {
    descriptorRoom: (state, held) => (state === 'request' && held.length === 0 ? CALL_DESCRIPTORS : 0),
    read(held, marks, state) {
      if (state === 'offered') throw codecError(E_MESSAGE_TRAILING);
      if (state !== 'request') return later.read(held) as FromClient | undefined;
      return first.isCall(held, marks) ? first.call(held, marks) : (later.read(held) as FromClient | undefined);
    },
  };
}

class FirstMessage {
  readonly #reception: Reception<WasmCallDecoder>;
  readonly #core: TheCore;
  /** Of the call: a header's at first, then the whole call's. */
  #length = MESSAGE_HEADER_BYTES;
  #isTraced = false;

  constructor(core: TheCore) {
    this.#core = core;
    this.#reception = new Reception(core, {
      begin: (isCurrent) => new WasmCallDecoder(core.exports, core.memory, isCurrent),
      wanted: () => this.#length,
      descriptorsWith: 'first',
    });
  }

  /** Whether it is a call, or may still be one. */
  isCall(held: Held, marks: readonly Mark[]): boolean {
    if (held.length < MESSAGE_HEADER_BYTES) return true;
    const { exports, memory } = this.#core;
    const { kind, bodyBytes, traced } = messageHeader(exports, memory, held.bytes.subarray(0, MESSAGE_HEADER_BYTES));
    this.#length = MESSAGE_HEADER_BYTES + bodyBytes;
    this.#isTraced = traced;
    if (!Object.hasOwn(moves(2, 'request', 'client'), kind)) throw codecError(E_MESSAGE_KIND);
    if (kind !== 'call' && marks.length > 0) throw codecFault('ERR_CODEC_DESCRIPTORS', `with a ${kind}`);
    return kind === 'call';
  }

  call(held: Held, marks: readonly Mark[]): Call | undefined {
    // A second read with descriptors is wrong whatever is in it.
    if (held.length < MESSAGE_HEADER_BYTES && marks.length < 2) return undefined;
    const whole = this.#reception.take(held, marks);
    if (!whole) return undefined;
    const { stdio, cwd, environment, ...rest } = whole.decoder.call;
    held.drop(whole.length);
    return {
      kind: 'call',
      descriptors: namesOf(stdio, cwd),
      ...rest,
      environment: split(environment),
      traced: this.#isTraced,
    };
  }
}

function came(marks: readonly Mark[]): number {
  return marks.reduce((sum, { descriptors }) => sum + descriptors, 0);
}
