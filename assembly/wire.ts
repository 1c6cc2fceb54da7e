/**
 * The small messages of the wire: greeting and status, an encoder and a decoder each. Requests are in request.ts.
 *
 * Decoders are sans-IO: the host hands over the bytes it has, as the input, and learns whether the message is
 * complete, wants more (NEED_DATA) or is wrong. What was taken says how many of the bytes belonged to the message.
 */
import {
  E_ARGUMENT,
  E_GREETING_MAGIC,
  E_GREETING_TOO_LARGE,
  E_NONE,
  E_SEQUENCE,
  GREETING_BYTES,
  GREETING_EXTENSION_LIMIT,
  GREETING_MAGIC,
  NEED_DATA,
  STATUS_BYTES,
  STRING_LIMIT,
} from './constants';
import { input, outside } from './strings';

const MAGIC_BYTES: i32 = 4;

const GREETING = memory.data(GREETING_BYTES, 8) as i32;
const STATUS = memory.data(STATUS_BYTES, 8) as i32;

/** Writes a v1 greeting, which has no extension: a released client would not understand one. Returns where it is. */
export function greeting_encode(): i32 {
  store<u32>(GREETING, bswap<u32>(GREETING_MAGIC));
  store<u32>(GREETING + MAGIC_BYTES, 0);
  return GREETING;
}

/** Bytes of the greeting seen so far, its extension included; -1 after the end or an error. */
let greetingSeen: i32 = -1;
/** The extension's length, as far as its four bytes have come. */
let greetingExtension: i32 = 0;
let taken: i32 = 0;

/** How many bytes the last call of a decoder here took. */
export function wire_taken(): i32 {
  return taken;
}

export function greeting_begin(): void {
  greetingSeen = 0;
  greetingExtension = 0;
}

/** Takes `length` bytes of the input. */
export function greeting_push(length: i32): i32 {
  taken = 0;
  if (greetingSeen < 0) return E_SEQUENCE;
  if (outside(length, STRING_LIMIT)) return E_ARGUMENT;
  while (greetingSeen < GREETING_BYTES) {
    if (taken === length) return NEED_DATA;
    const code = greetingByte(load<u8>(input() + taken));
    if (code !== E_NONE) return code;
  }
  const missing = GREETING_BYTES + greetingExtension - greetingSeen;
  const skipped = min(missing, length - taken);
  taken += skipped;
  greetingSeen += skipped;
  if (skipped < missing) return NEED_DATA;
  greetingSeen = -1;
  return E_NONE;
}

/** The extension's length of the greeting last taken. */
export function greeting_extension(): i32 {
  return greetingExtension;
}

/** One byte of the magic or of the length. A wrong one is refused at once, before anything is waited for. */
function greetingByte(byte: i32): i32 {
  if (greetingSeen < MAGIC_BYTES) {
    if (byte !== ((GREETING_MAGIC >> (24 - 8 * greetingSeen)) & 0xff)) return refuseGreeting(E_GREETING_MAGIC);
  } else {
    greetingExtension = (greetingExtension << 8) | byte;
  }
  taken++;
  greetingSeen++;
  if (greetingSeen === GREETING_BYTES && outside(greetingExtension, GREETING_EXTENSION_LIMIT)) {
    return refuseGreeting(E_GREETING_TOO_LARGE);
  }
  return E_NONE;
}

function refuseGreeting(code: i32): i32 {
  greetingSeen = -1;
  return code;
}

/** Writes a wait status as it is sent and returns where it is. */
export function status_encode(status: u32): i32 {
  store<u32>(STATUS, bswap<u32>(status));
  return STATUS;
}

/** Bytes of the status seen so far; -1 after the end. */
let statusSeen: i32 = -1;
let status: u32 = 0;

export function status_begin(): void {
  statusSeen = 0;
  status = 0;
}

/** Takes `length` bytes of the input. */
export function status_push(length: i32): i32 {
  taken = 0;
  if (statusSeen < 0) return E_SEQUENCE;
  if (outside(length, STRING_LIMIT)) return E_ARGUMENT;
  while (statusSeen < STATUS_BYTES) {
    if (taken === length) return NEED_DATA;
    status = (status << 8) | load<u8>(input() + taken);
    taken++;
    statusSeen++;
  }
  statusSeen = -1;
  return E_NONE;
}

/** The status last taken. */
export function status_value(): u32 {
  return status;
}
