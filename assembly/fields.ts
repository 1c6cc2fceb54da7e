/**
 * Fields of messages: tag, length, bytes. What each may be is judged here, for all messages and for both directions.
 *
 * A decoder keeps in a table where each field of its message is; it has to hold on to the message itself.
 */
import {
  CALL_LIMIT_BYTES,
  E_FIELD_LENGTH,
  E_FIELD_MISSING,
  E_FIELD_NOT_TERMINATED,
  E_FIELD_TRUNCATED,
  E_FIELD_TWICE,
  E_FIELD_VALUE,
  E_NONE,
  FIELD_HEADER_BYTES,
  FIELD_LAST,
  FIELD_LIMITS,
  FIELD_MOMENTS,
  FIELD_OPERATION,
  FIELD_PID,
  FIELD_REASON,
  FIELD_SCRIPT,
  FIELD_SIGNAL,
  FIELD_STDIO,
  FIELD_UMASK,
  MOMENT_BYTES,
  OPERATION_STATUS,
  OPERATION_STOP,
} from './constants';
import { findNul, outside } from './strings';
import { isText } from './utf8';

/** For each tag the fewest bytes and the most, 4 bytes each. The strings of a call are as long as its body lets them be. */
const LENGTHS = memory.data<u32>([
  0, 0, 1, 1, 0, 0, 4, 4, 0, 384, 4, 4, 1, 1024, 0, 6299648, 0, 6299648, 4, 4, 4, 4, 4, 4, 4, 4, 1, 512, 0, 4096, 4, 4,
  4, 4, 8, 8, 8, 8, 12, 384, 4, 4, 8, 8,
]) as i32;

/** A table: for each tag the field's address, 0 where it has not come, and its length; 4 bytes each. */
const TABLE_BYTES: i32 = (FIELD_LAST + 1) * 8;
export const CALL_FIELDS = memory.data((FIELD_LAST + 1) * 8, 8) as i32;
export const MESSAGE_FIELDS = memory.data((FIELD_LAST + 1) * 8, 8) as i32;

/** umask(2) takes these bits and no others. */
const UMASK_BITS: i32 = 0o777;
/** Linux has signals 1 to 64 (signal(7), SIGRTMAX). */
const SIGNAL_LAST: i32 = 64;

/** What the last error is about: a tag in decimal and a NUL, or nothing. */
const SUBJECT = memory.data(3, 8) as i32;

/** The field whose header was taken last: its tag, 0 where it is to be skipped, and its length. */
export let fieldTag: i32 = 0;
export let fieldLength: i32 = 0;

export function clearFields(table: i32): void {
  memory.fill(table, 0, TABLE_BYTES);
  store<u8>(SUBJECT, 0);
}

/**
 * Takes a field's header: `left` bytes of the body are left from it on, and fields that are not among `known` are to be
 * skipped. Where so little is left that it is no header, it need not have come.
 */
export function takeHeader(table: i32, known: i32, header: i32, left: i32): i32 {
  if (left < FIELD_HEADER_BYTES) return E_FIELD_TRUNCATED;
  const tag: i32 = bswap<u16>(load<u16>(header));
  fieldLength = bswap<u32>(load<u32>(header + 4));
  fieldTag = 0;
  if (outside(fieldLength, left - FIELD_HEADER_BYTES)) return E_FIELD_TRUNCATED;
  if (tag > FIELD_LAST || ((known >> tag) & 1) === 0) return E_NONE;
  if (fieldAt(table, tag) !== 0) return about(tag, E_FIELD_TWICE);
  const code = checkLength(tag, fieldLength);
  if (code !== E_NONE) return code;
  store<i32>(table + (tag << 3), header + FIELD_HEADER_BYTES);
  store<i32>(table + (tag << 3) + 4, fieldLength);
  fieldTag = tag;
  return E_NONE;
}

/** Judges a field that has come whole. The strings of a call are judged as they come, in call-decoder.ts. */
export function checkField(table: i32, tag: i32): i32 {
  const start = fieldAt(table, tag);
  const end = start + fieldLengthOf(table, tag);
  if (tag === FIELD_SCRIPT) return findNul(start, end) === end ? E_NONE : about(tag, E_FIELD_VALUE);
  if (tag === FIELD_REASON) return isText(start, end) ? E_NONE : about(tag, E_FIELD_VALUE);
  return checkNumber(tag, fieldNumber(table, tag));
}

export function checkLength(tag: i32, length: i32): i32 {
  const least: i32 = load<u32>(LENGTHS + (tag << 3));
  const most: i32 = load<u32>(LENGTHS + (tag << 3) + 4);
  if (length < least || length > most) return about(tag, E_FIELD_LENGTH);
  const pieces: i32 = tag === FIELD_LIMITS ? CALL_LIMIT_BYTES : tag === FIELD_MOMENTS ? MOMENT_BYTES : 1;
  return length % pieces !== 0 ? about(tag, E_FIELD_LENGTH) : E_NONE;
}

export function checkNumber(tag: i32, value: i32): i32 {
  let isGood = true;
  if (tag === FIELD_STDIO) isGood = value >= 0 && value <= 7;
  else if (tag === FIELD_UMASK) isGood = (value & ~UMASK_BITS) === 0;
  else if (tag === FIELD_OPERATION) isGood = value === OPERATION_STATUS || value === OPERATION_STOP;
  else if (tag === FIELD_SIGNAL) isGood = value >= 1 && value <= SIGNAL_LAST;
  else if (tag === FIELD_PID) isGood = value >= 1;
  return isGood ? E_NONE : about(tag, E_FIELD_VALUE);
}

/** Whether all of these fields have come. */
export function checkRequired(table: i32, required: i32): i32 {
  for (let tag: i32 = 1; tag <= FIELD_LAST; tag++) {
    if (((required >> tag) & 1) !== 0 && fieldAt(table, tag) === 0) return about(tag, E_FIELD_MISSING);
  }
  return E_NONE;
}

/** Says that a field's last string has no end. */
export function notTerminated(tag: i32): i32 {
  return about(tag, E_FIELD_NOT_TERMINATED);
}

/** Where a field's bytes are; 0 where it has not come. */
export function fieldAt(table: i32, tag: i32): i32 {
  return outside(tag, FIELD_LAST) ? 0 : load<i32>(table + (tag << 3));
}

export function fieldLengthOf(table: i32, tag: i32): i32 {
  return outside(tag, FIELD_LAST) ? 0 : load<i32>(table + (tag << 3) + 4);
}

/** The number in a field of one or four bytes; 0 where it has not come. */
export function fieldNumber(table: i32, tag: i32): i32 {
  const length = fieldLengthOf(table, tag);
  if (length === 1) return load<u8>(fieldAt(table, tag));
  return length === 4 ? bswap<u32>(load<u32>(fieldAt(table, tag))) : 0;
}

/** The number in a field of eight bytes; 0 where it has not come. */
export function fieldLarge(table: i32, tag: i32): i64 {
  return fieldLengthOf(table, tag) === 8 ? bswap<u64>(load<u64>(fieldAt(table, tag))) : 0;
}

/** What the last error of a message or of a call is about: text with a NUL, perhaps empty. */
export function message_subject(): i32 {
  return SUBJECT;
}

function about(tag: i32, code: i32): i32 {
  const digits: i32 = tag < 10 ? 1 : 2;
  if (digits === 2) store<u8>(SUBJECT, 0x30 + tag / 10);
  store<u8>(SUBJECT + digits - 1, 0x30 + (tag % 10));
  store<u8>(SUBJECT + digits, 0);
  return code;
}
