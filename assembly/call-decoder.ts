/**
 * Takes a call off the wire, received by the host straight into the core's memory. Each byte is looked at once, however the
 * call was cut, and each length is judged before what it counts is waited for.
 *
 *     HEADER --> FIELD --its header--> VALUE or STRINGS --whole--> FIELD .. --the body's end--> DONE
 *
 * All descriptors are attached to the first byte, so they come with the first bytes that are received: the kernel hands
 * out descriptors with the first byte of what they were sent with (unix_stream_read_generic in net/unix/af_unix.c).
 */
import {
  CALL_DESCRIPTORS,
  CALL_LIMIT_BYTES,
  E_ARGUMENT,
  E_MESSAGE_DESCRIPTORS,
  E_MESSAGE_KIND,
  E_MESSAGE_TRAILING,
  E_NONE,
  E_REQUEST_TOO_MANY_STRINGS,
  E_SEQUENCE,
  FIELD_ARGUMENTS,
  FIELD_CWD,
  FIELD_ENVIRONMENT,
  FIELD_HEADER_BYTES,
  FIELD_LIMITS,
  FIELD_STDIO,
  KIND_CALL,
  MESSAGE_HEADER_BYTES,
  NEED_DATA,
  REQUEST_STRINGS_LIMIT,
} from './constants';
import {
  CALL_FIELDS,
  checkField,
  checkRequired,
  clearFields,
  fieldAt,
  fieldLength,
  fieldLengthOf,
  fieldNumber,
  fieldTag,
  notTerminated,
  takeHeader,
} from './fields';
import { judgeHeader, knownFields, requiredFields } from './message-kinds';
import { memoryEnd, memoryStart, OWNER_CALL_DECODER, owner, refuse, setOwner } from './request-memory';
import { findNul, outside } from './strings';

const HEADER = 0;
const FIELD = 1;
const VALUE = 2;
const STRINGS = 3;
const DONE = 4;

let state: i32 = DONE;
/** Behind the last byte received. */
let filled: i32 = 0;
/** Behind the last byte looked at. */
let scanned: i32 = 0;
let bodyEnd: i32 = 0;
/** Tag and end of the field that is under way. Another message's fields may be looked at before its next bytes come. */
let tag: i32 = 0;
let valueEnd: i32 = 0;
let stringCount: i32 = 0;
let descriptorCount: i32 = 0;

/** Begins a call; it ends whoever uses the memory. */
export function call_decoder_begin(): void {
  setOwner(OWNER_CALL_DECODER);
  clearFields(CALL_FIELDS);
  state = HEADER;
  filled = memoryStart();
  scanned = filled;
  stringCount = 0;
  descriptorCount = 0;
}

/** Where the host may receive bytes. */
export function call_decoder_space(): i32 {
  return filled;
}

/** How many. All there is room for, so that a usual call takes one read. */
export function call_decoder_room(): i32 {
  if (owner !== OWNER_CALL_DECODER) return 0;
  return state === DONE ? 1 : memoryEnd() - filled;
}

/** Takes `length` bytes that were received into the space, with `descriptors` descriptors. */
export function call_decoder_received(length: i32, descriptors: i32): i32 {
  if (owner !== OWNER_CALL_DECODER) return E_SEQUENCE;
  if (length < 1 || outside(length, call_decoder_room()) || descriptors < 0) return refuse(E_ARGUMENT);
  if (state === DONE) return refuse(E_MESSAGE_TRAILING);
  if (filled === memoryStart()) descriptorCount = descriptors;
  else if (descriptors !== 0) return refuse(E_MESSAGE_DESCRIPTORS);
  if (descriptorCount > CALL_DESCRIPTORS) return refuse(E_MESSAGE_DESCRIPTORS);
  filled += length;
  while (state !== DONE) {
    const code = step();
    if (code === NEED_DATA) return NEED_DATA;
    if (code !== E_NONE) return refuse(code);
  }
  return E_NONE;
}

/** Whether a call has been received whole, and is still there. */
export function call_decoder_complete(): bool {
  return owner === OWNER_CALL_DECODER && state === DONE;
}

/** Where a field's bytes are; 0 where the call has none. */
export function call_decoder_field(tag: i32): i32 {
  return call_decoder_complete() ? fieldAt(CALL_FIELDS, tag) : 0;
}

export function call_decoder_field_length(tag: i32): i32 {
  return call_decoder_complete() ? fieldLengthOf(CALL_FIELDS, tag) : 0;
}

export function call_decoder_number(tag: i32): i32 {
  return call_decoder_complete() ? fieldNumber(CALL_FIELDS, tag) : 0;
}

export function call_decoder_limit_count(): i32 {
  return call_decoder_field_length(FIELD_LIMITS) / CALL_LIMIT_BYTES;
}

/** The resource of a limit; -1 where there is no such limit. */
export function call_decoder_limit_resource(index: i32): i32 {
  const at = limitAt(index);
  return at === 0 ? -1 : bswap<u32>(load<u32>(at));
}

/** The soft limit; all bits are set where there is none. */
export function call_decoder_limit_soft(index: i32): i64 {
  const at = limitAt(index);
  return at === 0 ? 0 : bswap<u64>(load<u64>(at + 4));
}

function limitAt(index: i32): i32 {
  if (index < 0 || index >= call_decoder_limit_count()) return 0;
  return fieldAt(CALL_FIELDS, FIELD_LIMITS) + index * CALL_LIMIT_BYTES;
}

/** One step on: E_NONE, NEED_DATA or an error. */
function step(): i32 {
  if (state === HEADER) return takeMessageHeader();
  if (filled > bodyEnd) return E_MESSAGE_TRAILING;
  if (state === FIELD) return takeField();
  return state === STRINGS ? takeStrings() : takeValue();
}

function takeMessageHeader(): i32 {
  if (filled - scanned < MESSAGE_HEADER_BYTES) return NEED_DATA;
  const length = judgeHeader(scanned);
  if (length < 0) return -length;
  if (load<u8>(scanned) !== KIND_CALL) return E_MESSAGE_KIND;
  scanned += MESSAGE_HEADER_BYTES;
  bodyEnd = scanned + length;
  state = FIELD;
  return E_NONE;
}

/** A field's header, or the end. */
function takeField(): i32 {
  const left = bodyEnd - scanned;
  if (left === 0) return finish();
  if (left >= FIELD_HEADER_BYTES && filled - scanned < FIELD_HEADER_BYTES) return NEED_DATA;
  const code = takeHeader(CALL_FIELDS, knownFields(KIND_CALL), scanned, left);
  if (code !== E_NONE) return code;
  tag = fieldTag;
  scanned += FIELD_HEADER_BYTES;
  valueEnd = scanned + fieldLength;
  state = tag === FIELD_ARGUMENTS || tag === FIELD_ENVIRONMENT ? STRINGS : VALUE;
  return E_NONE;
}

/** A field that is looked at when it is whole, or skipped. */
function takeValue(): i32 {
  if (filled < valueEnd) return NEED_DATA;
  scanned = valueEnd;
  state = FIELD;
  return tag === 0 ? E_NONE : checkField(CALL_FIELDS, tag);
}

/** Counts the strings in what has come of a row of them. */
function takeStrings(): i32 {
  const stop = min(filled, valueEnd);
  while (scanned < stop) {
    scanned = findNul(scanned, stop);
    if (scanned === stop) break;
    if (stringCount === REQUEST_STRINGS_LIMIT) return E_REQUEST_TOO_MANY_STRINGS;
    stringCount++;
    scanned++;
  }
  if (filled < valueEnd) return NEED_DATA;
  const isEmpty = fieldLengthOf(CALL_FIELDS, tag) === 0;
  if (!isEmpty && load<u8>(valueEnd - 1) !== 0) return notTerminated(tag);
  state = FIELD;
  return E_NONE;
}

function finish(): i32 {
  const code = checkRequired(CALL_FIELDS, requiredFields(KIND_CALL));
  if (code !== E_NONE) return code;
  const stdio = popcnt<i32>(fieldNumber(CALL_FIELDS, FIELD_STDIO));
  const cwd: i32 = fieldAt(CALL_FIELDS, FIELD_CWD) === 0 ? 0 : 1;
  if (stdio + cwd !== descriptorCount) return E_MESSAGE_DESCRIPTORS;
  state = DONE;
  return E_NONE;
}
