/**
 * Takes messages, but for the call, off what has come over a connection. It keeps nothing but what it found: the host holds
 * the bytes, so that it can serve many connections, and hands over a run of them as the input.
 */
import {
  E_ARGUMENT,
  E_MESSAGE_KIND,
  E_NONE,
  FIELD_HEADER_BYTES,
  FIELD_MOMENTS,
  KIND_CALL,
  MESSAGE_HEADER_BYTES,
  MOMENT_BYTES,
  NEED_DATA,
  STRING_LIMIT,
} from './constants';
import {
  checkField,
  checkRequired,
  clearFields,
  fieldAt,
  fieldLarge,
  fieldLength,
  fieldLengthOf,
  fieldNumber,
  fieldTag,
  MESSAGE_FIELDS,
  takeHeader,
} from './fields';
import { isKnown, judgeHeader, knownFields, requiredFields } from './message-kinds';
import { input, outside } from './strings';

let kind: i32 = 0;
let wanted: i32 = MESSAGE_HEADER_BYTES;

/**
 * Takes the message that begins at place `from` of the input, of which bytes have come up to place `end`: E_NONE (it is
 * whole), NEED_DATA, or an error. The header is judged as soon as it has come.
 */
export function message_take(from: i32, end: i32): i32 {
  kind = 0;
  wanted = MESSAGE_HEADER_BYTES;
  clearFields(MESSAGE_FIELDS);
  if (outside(end, STRING_LIMIT) || outside(from, end)) return E_ARGUMENT;
  if (end - from < MESSAGE_HEADER_BYTES) return NEED_DATA;
  const header = input() + from;
  const bodyLength = judgeHeader(header);
  if (bodyLength < 0) return -bodyLength;
  const its: i32 = load<u8>(header);
  if (its === KIND_CALL) return E_MESSAGE_KIND;
  wanted += bodyLength;
  if (end - from < wanted) return NEED_DATA;
  const code = isKnown(its) ? takeBody(its, header + MESSAGE_HEADER_BYTES, header + wanted) : E_NONE;
  if (code === E_NONE && isKnown(its)) kind = its;
  return code;
}

/** How many bytes of it there have to be, as far as is known: the whole message's, or a header's. */
export function message_wanted(): i32 {
  return wanted;
}

/** The kind of the message last taken; 0 where it is none that is known, and so to be skipped. */
export function message_kind(): i32 {
  return kind;
}

export function message_number(tag: i32): i32 {
  return fieldNumber(MESSAGE_FIELDS, tag);
}

export function message_large(tag: i32): i64 {
  return fieldLarge(MESSAGE_FIELDS, tag);
}

/** Where a field's bytes are, in the input; 0 where it has not come. */
export function message_field(tag: i32): i32 {
  return fieldAt(MESSAGE_FIELDS, tag);
}

export function message_field_length(tag: i32): i32 {
  return fieldLengthOf(MESSAGE_FIELDS, tag);
}

export function message_moment_count(): i32 {
  return fieldLengthOf(MESSAGE_FIELDS, FIELD_MOMENTS) / MOMENT_BYTES;
}

/** Which moment it is; 0 where there is none in this place. */
export function message_moment(place: i32): i32 {
  return hasMoment(place) ? bswap<u32>(load<u32>(momentAt(place))) : 0;
}

/** Its time, in nanoseconds. */
export function message_moment_time(place: i32): i64 {
  return hasMoment(place) ? bswap<u64>(load<u64>(momentAt(place) + 4)) : 0;
}

function hasMoment(place: i32): bool {
  return place >= 0 && place < message_moment_count();
}

function momentAt(place: i32): i32 {
  return fieldAt(MESSAGE_FIELDS, FIELD_MOMENTS) + place * MOMENT_BYTES;
}

function takeBody(its: i32, start: i32, end: i32): i32 {
  const known = knownFields(its);
  for (let at = start; at < end; at += FIELD_HEADER_BYTES + fieldLength) {
    const code = takeHeader(MESSAGE_FIELDS, known, at, end - at);
    if (code !== E_NONE) return code;
    const valueCode = fieldTag === 0 ? E_NONE : checkField(MESSAGE_FIELDS, fieldTag);
    if (valueCode !== E_NONE) return valueCode;
  }
  return checkRequired(MESSAGE_FIELDS, requiredFields(its));
}
