/** Messages of version 2, but for the call, off the wire, over core.wasm. */
import {
  E_NONE,
  E_SEQUENCE,
  FIELD_CALLS,
  FIELD_IDLE,
  FIELD_OPERATION,
  FIELD_PID,
  FIELD_REASON,
  FIELD_RUNNING,
  FIELD_SCRIPT,
  FIELD_SIGNAL,
  FIELD_SPARES,
  FIELD_STATUS,
  FIELD_UPTIME,
  FIELD_WAITING,
  MESSAGE_HEADER_BYTES,
  NEED_DATA,
  OPERATION_STATUS,
  STRING_LIMIT,
} from '../../assembly/constants.js';
import { codecError } from './errors.js';
import type { CoreExports } from './exports.js';
import type { Message, MessageDecoder, Moment } from './face.js';
import type { CoreMemory } from './memory.js';
import { KINDS } from './message.js';
import { concatenate, decodeText } from './text.js';

const NOTHING = new Uint8Array();

/** The core keeps nothing of a connection's bytes: a decoder holds what is not whole yet, less than one message. */
export function messageDecoder(core: CoreExports, memory: CoreMemory): MessageDecoder {
  let held: Uint8Array = NOTHING;
  /** How many bytes there have to be before it is worth asking the core. */
  let wanted = MESSAGE_HEADER_BYTES;
  let isUsable = true;
  return {
    push(bytes) {
      if (!isUsable) throw codecError(E_SEQUENCE);
      const all = held.length === 0 ? bytes : concatenate(held, bytes);
      const messages: Message[] = [];
      isUsable = false;
      const rest = all.length < wanted ? { taken: 0, wanted } : take(core, memory, all, messages);
      isUsable = true;
      // A copy, as the caller receives into the same memory again. (A Buffer's slice() is none.)
      held = rest.taken === all.length ? NOTHING : new Uint8Array(all.subarray(rest.taken));
      wanted = rest.wanted;
      return messages;
    },
  };
}

/** Takes all messages that are whole, in runs that the core's input can hold; the longest message is shorter than one. */
function take(
  core: CoreExports,
  memory: CoreMemory,
  all: Uint8Array,
  messages: Message[],
): { taken: number; wanted: number } {
  let taken = 0;
  while (taken < all.length) {
    const length = memory.input(all.subarray(taken, taken + STRING_LIMIT));
    const isLast = taken + length === all.length;
    let from = 0;
    while (from < length) {
      const code = core.message_take(from, length);
      if (code === NEED_DATA) {
        if (isLast) return { taken: taken + from, wanted: core.message_wanted() };
        break;
      }
      if (code !== E_NONE) throw codecError(code, memory.text(core.message_subject()));
      from += core.message_wanted();
      const message = contents(core, memory);
      if (message) messages.push(message);
    }
    taken += from;
  }
  return { taken, wanted: MESSAGE_HEADER_BYTES };
}

/** The message that the core took last, out of its input; undefined where it is of a kind that is not known. */
export function contents(core: CoreExports, memory: CoreMemory): Message | undefined {
  const kind = KINDS[core.message_kind()];
  switch (kind) {
    case 'signal':
    case 'stopped':
      return { kind, signal: core.message_number(FIELD_SIGNAL) };
    case 'control':
      return { kind, operation: core.message_number(FIELD_OPERATION) === OPERATION_STATUS ? 'status' : 'stop' };
    case 'started':
      return { kind, pid: core.message_number(FIELD_PID) };
    case 'continued':
      return { kind };
    case 'ended':
      return { kind, status: core.message_number(FIELD_STATUS) >>> 0 };
    case 'refused':
      return { kind, reason: text(core, memory, FIELD_REASON) ?? '' };
    case 'moments':
      return { kind, moments: moments(core) };
    case 'reply':
      return {
        kind,
        pid: core.message_number(FIELD_PID),
        running: core.message_number(FIELD_RUNNING) >>> 0,
        waiting: core.message_number(FIELD_WAITING) >>> 0,
        spares: core.message_number(FIELD_SPARES) >>> 0,
        calls: BigInt.asUintN(64, core.message_large(FIELD_CALLS)),
        uptimeMs: BigInt.asUintN(64, core.message_large(FIELD_UPTIME)),
        idleMs: BigInt.asUintN(64, core.message_large(FIELD_IDLE)),
        script: field(core, memory, FIELD_SCRIPT),
        stale: text(core, memory, FIELD_REASON),
      };
    default:
      return undefined;
  }
}

function moments(core: CoreExports): Moment[] {
  return Array.from({ length: core.message_moment_count() }, (_, place) => ({
    moment: core.message_moment(place) >>> 0,
    at: BigInt.asUintN(64, core.message_moment_time(place)),
  }));
}

function field(core: CoreExports, memory: CoreMemory, tag: number): Uint8Array | null {
  const address = core.message_field(tag);
  return address === 0 ? null : memory.copyOut(address, core.message_field_length(tag));
}

function text(core: CoreExports, memory: CoreMemory, tag: number): string | null {
  const bytes = field(core, memory, tag);
  return bytes && decodeText(bytes);
}
