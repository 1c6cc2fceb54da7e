/** Writes messages, but for the call. Each function returns the message's length, or 0 where it would be none. */
import {
  E_NONE,
  FIELD_CALLS,
  FIELD_HEADER_BYTES,
  FIELD_IDLE,
  FIELD_MOMENTS,
  FIELD_PID,
  FIELD_REASON,
  FIELD_RUNNING,
  FIELD_SCRIPT,
  FIELD_SPARES,
  FIELD_UPTIME,
  FIELD_WAITING,
  KIND_CONTINUED,
  KIND_MOMENTS,
  KIND_REFUSED,
  KIND_REPLY,
  MESSAGE_BODY_LIMIT,
  MESSAGE_HEADER_BYTES,
  MESSAGE_VERSION,
} from './constants';
import { checkLength, checkNumber } from './fields';
import { numberField } from './message-kinds';
import { findNul, input } from './strings';
import { isText } from './utf8';

const MESSAGE = memory.data(MESSAGE_HEADER_BYTES + MESSAGE_BODY_LIMIT, 8) as i32;

/** Behind the last byte that is written. */
let end: i32 = 0;

/** Where the message is that was written last. */
export function message_bytes(): i32 {
  return MESSAGE;
}

/** A message with one number, or without any (continued). */
export function message_encode(kind: i32, value: i32): i32 {
  const tag = numberField(kind);
  if (kind === KIND_REPLY || (tag === 0 && kind !== KIND_CONTINUED)) return 0;
  end = MESSAGE + MESSAGE_HEADER_BYTES;
  if (tag !== 0) {
    if (checkNumber(tag, value) !== E_NONE) return 0;
    addNumber(tag, value);
  }
  return finish(kind);
}

/** A refusal whose reason is the input. */
export function message_encode_refused(length: i32): i32 {
  if (checkLength(FIELD_REASON, length) !== E_NONE || !isText(input(), input() + length)) return 0;
  end = MESSAGE + MESSAGE_HEADER_BYTES;
  addInput(FIELD_REASON, length);
  return finish(KIND_REFUSED);
}

/** Moments as they are on the wire, which are the input. */
export function message_encode_moments(length: i32): i32 {
  if (checkLength(FIELD_MOMENTS, length) !== E_NONE) return 0;
  end = MESSAGE + MESSAGE_HEADER_BYTES;
  addInput(FIELD_MOMENTS, length);
  return finish(KIND_MOMENTS);
}

/**
 * A reply. The input is the script, or there is none where its length is -1; and behind it the reason why the server would not serve
 * another call, or there is none where its length is 0.
 */
export function message_encode_reply(
  pid: i32,
  running: i32,
  waiting: i32,
  spares: i32,
  calls: i64,
  uptime: i64,
  idle: i64,
  scriptLength: i32,
  reasonLength: i32,
): i32 {
  if (checkNumber(FIELD_PID, pid) !== E_NONE) return 0;
  end = MESSAGE + MESSAGE_HEADER_BYTES;
  addNumber(FIELD_PID, pid);
  addNumber(FIELD_RUNNING, running);
  addNumber(FIELD_WAITING, waiting);
  addNumber(FIELD_SPARES, spares);
  addLarge(FIELD_CALLS, calls);
  addLarge(FIELD_UPTIME, uptime);
  addLarge(FIELD_IDLE, idle);
  let reason = input();
  if (scriptLength !== -1) {
    if (checkLength(FIELD_SCRIPT, scriptLength) !== E_NONE) return 0;
    if (findNul(reason, reason + scriptLength) !== reason + scriptLength) return 0;
    addBytes(FIELD_SCRIPT, reason, scriptLength);
    reason += scriptLength;
  }
  if (reasonLength !== 0) {
    if (checkLength(FIELD_REASON, reasonLength) !== E_NONE || !isText(reason, reason + reasonLength)) return 0;
    addBytes(FIELD_REASON, reason, reasonLength);
  }
  return finish(KIND_REPLY);
}

/** Writes a header of a message. */
export function putMessageHeader(at: i32, kind: i32, bodyLength: i32): void {
  store<u32>(at, 0);
  store<u8>(at, kind);
  store<u8>(at + 1, MESSAGE_VERSION);
  store<u32>(at + 4, bswap<u32>(bodyLength));
}

/** Writes a header of a field. */
export function putFieldHeader(at: i32, tag: i32, length: i32): void {
  store<u32>(at, 0);
  store<u16>(at, bswap<u16>(tag as u16));
  store<u32>(at + 4, bswap<u32>(length));
}

function finish(kind: i32): i32 {
  putMessageHeader(MESSAGE, kind, end - MESSAGE - MESSAGE_HEADER_BYTES);
  return end - MESSAGE;
}

function addNumber(tag: i32, value: i32): void {
  putFieldHeader(end, tag, 4);
  store<u32>(end + FIELD_HEADER_BYTES, bswap<u32>(value));
  end += FIELD_HEADER_BYTES + 4;
}

function addLarge(tag: i32, value: i64): void {
  putFieldHeader(end, tag, 8);
  store<u64>(end + FIELD_HEADER_BYTES, bswap<u64>(value));
  end += FIELD_HEADER_BYTES + 8;
}

function addInput(tag: i32, length: i32): void {
  addBytes(tag, input(), length);
}

function addBytes(tag: i32, from: i32, length: i32): void {
  putFieldHeader(end, tag, length);
  memory.copy(end + FIELD_HEADER_BYTES, from, length);
  end += FIELD_HEADER_BYTES + length;
}
