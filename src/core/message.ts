/** Messages of version 2, but for the call, onto the wire; and the header of any, over core.wasm. */
import {
  E_ARGUMENT,
  KIND_CALL,
  KIND_CONTINUED,
  KIND_CONTROL,
  KIND_ENDED,
  KIND_MOMENTS,
  KIND_REFUSED,
  KIND_REPLY,
  KIND_SIGNAL,
  KIND_STARTED,
  KIND_STOPPED,
  MESSAGE_HEADER_BYTES,
  MESSAGE_TRACED,
  MOMENT_BYTES,
  OPERATION_STATUS,
  OPERATION_STOP,
} from '../../assembly/constants.js';
import { codecError } from './errors.js';
import type { CoreExports } from './exports.js';
import type { Message, MessageHeader, Moment } from './face.js';
import { type CoreMemory, number32, number64 } from './memory.js';
import { cutReason } from './reason.js';
import { concatenate } from './text.js';

export const KINDS: Record<number, MessageHeader['kind']> = {
  [KIND_CALL]: 'call',
  [KIND_CONTROL]: 'control',
  [KIND_SIGNAL]: 'signal',
  [KIND_STARTED]: 'started',
  [KIND_STOPPED]: 'stopped',
  [KIND_CONTINUED]: 'continued',
  [KIND_ENDED]: 'ended',
  [KIND_REPLY]: 'reply',
  [KIND_REFUSED]: 'refused',
  [KIND_MOMENTS]: 'moments',
};

/** One call of the core and one object: this is done for each call that a server accepts. */
export function messageHeader(core: CoreExports, memory: CoreMemory, bytes: Uint8Array): MessageHeader {
  if (memory.input(bytes) !== MESSAGE_HEADER_BYTES) throw codecError(E_ARGUMENT);
  const bodyBytes = core.message_header();
  if (bodyBytes < 0) throw codecError(-bodyBytes);
  const kind = KINDS[bytes[0] as number] as MessageHeader['kind'];
  return { kind, bodyBytes, traced: kind === 'call' && ((bytes[3] as number) & MESSAGE_TRACED) !== 0 };
}

export function messageEncoder(core: CoreExports, memory: CoreMemory): (message: Message) => Uint8Array {
  const address = core.message_bytes();
  return (message) => {
    const length = encode(core, memory, message);
    if (length === 0) throw codecError(E_ARGUMENT);
    return memory.copyOut(address, length);
  };
}

/** Has the core write a message; its length, or 0 where it would be none. */
function encode(core: CoreExports, memory: CoreMemory, message: Message): number {
  switch (message.kind) {
    case 'signal':
      return core.message_encode(KIND_SIGNAL, number32(message.signal));
    case 'control':
      return core.message_encode(KIND_CONTROL, message.operation === 'status' ? OPERATION_STATUS : OPERATION_STOP);
    case 'started':
      return core.message_encode(KIND_STARTED, number32(message.pid));
    case 'stopped':
      return core.message_encode(KIND_STOPPED, number32(message.signal));
    case 'continued':
      return core.message_encode(KIND_CONTINUED, 0);
    case 'ended':
      return core.message_encode(KIND_ENDED, number32(message.status));
    case 'refused':
      return core.message_encode_refused(memory.input(cutReason(message.reason)));
    case 'moments':
      return core.message_encode_moments(memory.input(wireMoments(message.moments)));
    case 'reply': {
      const script = message.script ?? new Uint8Array();
      const reason = cutReason(message.stale ?? '');
      memory.input(concatenate(script, reason));
      return core.message_encode_reply(
        number32(message.pid),
        number32(message.running),
        number32(message.waiting),
        number32(message.spares),
        number64(message.calls),
        number64(message.uptimeMs),
        number64(message.idleMs),
        message.script ? script.length : -1,
        reason.length,
      );
    }
  }
}

function wireMoments(moments: readonly Moment[]): Uint8Array {
  const bytes = new Uint8Array(moments.length * MOMENT_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [place, { moment, at }] of moments.entries()) {
    view.setUint32(place * MOMENT_BYTES, number32(moment));
    view.setBigUint64(place * MOMENT_BYTES + 4, at);
  }
  return bytes;
}
