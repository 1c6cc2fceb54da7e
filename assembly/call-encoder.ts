/**
 * Lays a call out in memory as it goes over the wire. The host adds field after field, in the order of the places below;
 * limits, arguments and entries of the environment come in a row each, which is one field.
 */
import {
  CALL_BODY_LIMIT,
  CALL_LIMIT_BYTES,
  E_NONE,
  E_REQUEST_TOO_LARGE,
  E_REQUEST_TOO_MANY_STRINGS,
  E_SEQUENCE,
  E_STRING_WITH_NUL,
  FIELD_AFFINITY,
  FIELD_ARGUMENTS,
  FIELD_CWD,
  FIELD_ENVIRONMENT,
  FIELD_HEADER_BYTES,
  FIELD_LIMITS,
  FIELD_NICE,
  FIELD_SCRIPT,
  FIELD_STDIO,
  FIELD_UMASK,
  KIND_CALL,
  MESSAGE_HEADER_BYTES,
  MESSAGE_TRACED,
  REQUEST_STRINGS_LIMIT,
} from './constants';
import { CALL_FIELDS, checkLength, checkNumber, clearFields } from './fields';
import { putFieldHeader, putMessageHeader } from './message-encoder';
import { memoryStart, OWNER_CALL_ENCODER, OWNER_NONE, owner, refuse, setOwner } from './request-memory';
import { checkInput, findNul, input, outside } from './strings';

/** The field that is open: its tag, 0 where there is none yet, and where its header is. */
let openTag: i32 = 0;
let openHeader: i32 = 0;
/** The fields that there are, a bit for each tag. */
let written: i32 = 0;
/** Behind the last byte that is in the memory. */
let end: i32 = 0;
let stringCount: i32 = 0;
let isTraced: bool = false;

export function call_begin(): void {
  setOwner(OWNER_CALL_ENCODER);
  clearFields(CALL_FIELDS);
  openTag = 0;
  written = 0;
  end = memoryStart() + MESSAGE_HEADER_BYTES;
  stringCount = 0;
  isTraced = false;
}

/** Asks for the moments of the call; at any time between begin and end. */
export function call_traced(): i32 {
  if (owner !== OWNER_CALL_ENCODER) return refuse(E_SEQUENCE);
  isTraced = true;
  return E_NONE;
}

/** Adds a field that is a number: stdio, umask or nice. */
export function call_number(tag: i32, value: i32): i32 {
  if (tag !== FIELD_STDIO && tag !== FIELD_UMASK && tag !== FIELD_NICE) return refuse(E_SEQUENCE);
  if (!open(tag)) return refuse(E_SEQUENCE);
  const code = checkNumber(tag, value);
  if (code !== E_NONE) return refuse(code);
  if (tag === FIELD_STDIO) {
    store<u8>(end, value);
    end++;
  } else {
    store<u32>(end, bswap<u32>(value));
    end += 4;
  }
  return E_NONE;
}

/** Says that the working directory comes as a descriptor. */
export function call_cwd(): i32 {
  return open(FIELD_CWD) ? E_NONE : refuse(E_SEQUENCE);
}

/** Adds a limit; all bits of `soft` are set where there is none. */
export function call_limit(resource: i32, soft: i64): i32 {
  if (!open(FIELD_LIMITS)) return refuse(E_SEQUENCE);
  const code = checkLength(FIELD_LIMITS, end + CALL_LIMIT_BYTES - openHeader - FIELD_HEADER_BYTES);
  if (code !== E_NONE) return refuse(code);
  store<u32>(end, bswap<u32>(resource));
  store<u64>(end + 4, bswap<u64>(soft));
  end += CALL_LIMIT_BYTES;
  return E_NONE;
}

/** Adds a field that is the input: affinity or script. */
export function call_bytes(tag: i32, length: i32): i32 {
  if (tag !== FIELD_AFFINITY && tag !== FIELD_SCRIPT) return refuse(E_SEQUENCE);
  if (!open(tag)) return refuse(E_SEQUENCE);
  const lengthCode = checkLength(tag, length);
  if (lengthCode !== E_NONE) return refuse(lengthCode);
  const inputCode = tag === FIELD_SCRIPT ? checkInput(length) : E_NONE;
  if (inputCode !== E_NONE) return refuse(inputCode);
  memory.copy(end, input(), length);
  end += length;
  return E_NONE;
}

/** Where the host puts the next string of this row, arguments or environment, without a NUL. */
export function call_space(tag: i32): i32 {
  return tag === openTag ? end : end + FIELD_HEADER_BYTES;
}

/** How long that string may be; -1 where not even an empty one fits. */
export function call_room(tag: i32): i32 {
  if (owner !== OWNER_CALL_ENCODER) return -1;
  // The string's own NUL, and the other row's header, where that row turns out to be empty.
  const reserved = 1 + FIELD_HEADER_BYTES;
  return max(memoryStart() + MESSAGE_HEADER_BYTES + CALL_BODY_LIMIT - reserved - call_space(tag), -1);
}

/** Takes a string of a row. */
export function call_string(tag: i32, length: i32): i32 {
  if (tag !== FIELD_ARGUMENTS && tag !== FIELD_ENVIRONMENT) return refuse(E_SEQUENCE);
  const room = call_room(tag);
  if (!open(tag)) return refuse(E_SEQUENCE);
  if (outside(length, room)) return refuse(E_REQUEST_TOO_LARGE);
  if (stringCount === REQUEST_STRINGS_LIMIT) return refuse(E_REQUEST_TOO_MANY_STRINGS);
  if (findNul(end, end + length) !== end + length) return refuse(E_STRING_WITH_NUL);
  store<u8>(end + length, 0);
  end += length + 1;
  stringCount++;
  return E_NONE;
}

/** Completes the call; a row without strings is a field as well. */
export function call_end(): i32 {
  if (owner !== OWNER_CALL_ENCODER || !has(FIELD_STDIO)) return refuse(E_SEQUENCE);
  if (!has(FIELD_ARGUMENTS)) begin(FIELD_ARGUMENTS);
  if (!has(FIELD_ENVIRONMENT)) begin(FIELD_ENVIRONMENT);
  close();
  putMessageHeader(memoryStart(), KIND_CALL, end - memoryStart() - MESSAGE_HEADER_BYTES);
  if (isTraced) store<u8>(memoryStart() + 3, MESSAGE_TRACED);
  setOwner(OWNER_NONE);
  return E_NONE;
}

/** Where the call, complete, is. */
export function call_address(): i32 {
  return memoryStart();
}

export function call_length(): i32 {
  return end - memoryStart();
}

/** Begins a field, or goes on with the row that is open; false where it may not come now. */
function open(tag: i32): bool {
  if (owner !== OWNER_CALL_ENCODER) return false;
  if (tag === openTag) return tag === FIELD_LIMITS || tag === FIELD_ARGUMENTS || tag === FIELD_ENVIRONMENT;
  if (place(tag) < place(openTag)) return false;
  begin(tag);
  return true;
}

function begin(tag: i32): void {
  close();
  openTag = tag;
  openHeader = end;
  written |= 1 << tag;
  end += FIELD_HEADER_BYTES;
}

/** Writes the header of the field that is open, now that its length is known. */
function close(): void {
  if (openTag !== 0) putFieldHeader(openHeader, openTag, end - openHeader - FIELD_HEADER_BYTES);
}

function has(tag: i32): bool {
  return ((written >> tag) & 1) !== 0;
}

/** The order: that of the tags, but for the limits, which come behind nice, and the script, which comes before the strings. */
function place(tag: i32): i32 {
  if (tag === FIELD_LIMITS) return FIELD_NICE * 2 + 1;
  return tag === FIELD_SCRIPT ? FIELD_AFFINITY * 2 + 1 : tag * 2;
}
