/**
 * The encoder of requests of version 1. The decoder is in request-decoder.ts.
 *
 * A request lies in memory as it goes over the wire:
 *
 *     marker (released framing only)   three carriers, each with a descriptor   length   strings
 */
import {
  E_ARGUMENT,
  E_NONE,
  E_REQUEST_TOO_LARGE,
  E_REQUEST_TOO_MANY_STRINGS,
  E_SEQUENCE,
  E_STRING_WITH_NUL,
  FRAMING_FIRST_DESIGN,
  FRAMING_RELEASED,
  REQUEST_DESCRIPTORS,
  REQUEST_LIMIT,
  REQUEST_STRINGS_LIMIT,
} from './constants';
import { memoryStart, OWNER_ARGUMENTS, OWNER_ENVIRONMENT, OWNER_NONE, owner, refuse, setOwner } from './request-memory';
import { findByte, findNul, outside } from './strings';

/** The length before the strings. */
export const LENGTH_BYTES: i32 = 4;
export const EQUALS_SIGN: i32 = 0x3d;

/** Behind the last byte that is in the memory. */
let end: i32 = 0;
/** Where the strings begin. */
let strings: i32 = 0;
let stringCount: i32 = 0;

/** Begins a request in this framing. */
export function request_begin(framing: i32): i32 {
  setOwner(OWNER_NONE);
  if (framing !== FRAMING_RELEASED && framing !== FRAMING_FIRST_DESIGN) return E_ARGUMENT;
  const head = (framing === FRAMING_RELEASED ? 1 : 0) + REQUEST_DESCRIPTORS;
  memory.fill(memoryStart(), 0, head);
  strings = memoryStart() + head + LENGTH_BYTES;
  end = strings;
  stringCount = 0;
  setOwner(OWNER_ENVIRONMENT);
  return E_NONE;
}

/** Where the host puts the next string, without a NUL. */
export function request_string(): i32 {
  return end;
}

/** How long that string may be; -1 where not even an empty one fits. */
export function request_room(): i32 {
  if (owner < OWNER_ENVIRONMENT) return -1;
  // The string's own NUL, and the empty string where it is still to come.
  const reserved = owner === OWNER_ENVIRONMENT ? 2 : 1;
  return strings + REQUEST_LIMIT - reserved - end;
}

/** Takes an environment entry. One without a `=` is no variable (environ(7)), so it is not sent. */
export function request_environment(length: i32): i32 {
  if (owner !== OWNER_ENVIRONMENT) return refuse(E_SEQUENCE);
  if (outside(length, request_room())) return refuse(E_REQUEST_TOO_LARGE);
  if (findByte(EQUALS_SIGN, end, end + length) === end + length) return E_NONE;
  return take(length);
}

/** Takes an argument: interpreter, script, and what follows. The first ends the environment. */
export function request_argument(length: i32): i32 {
  if (owner < OWNER_ENVIRONMENT) return refuse(E_SEQUENCE);
  if (outside(length, request_room())) return refuse(E_REQUEST_TOO_LARGE);
  if (owner === OWNER_ENVIRONMENT) {
    // The host has put the string where the empty one belongs.
    memory.copy(end + 1, end, length);
    endEnvironment();
  }
  return take(length);
}

/** Completes the request. */
export function request_end(): i32 {
  if (owner < OWNER_ENVIRONMENT) return refuse(E_SEQUENCE);
  if (owner === OWNER_ENVIRONMENT) endEnvironment();
  store<u32>(strings - LENGTH_BYTES, bswap<u32>(end - strings));
  setOwner(OWNER_NONE);
  return E_NONE;
}

/** Where the request, complete, begins. */
export function request_bytes(): i32 {
  return memoryStart();
}

/** How long its marker is: one byte, or none. */
export function request_marker_length(): i32 {
  return strings - LENGTH_BYTES - REQUEST_DESCRIPTORS - memoryStart();
}

/** How long it is, with everything that comes before the strings. */
export function request_length(): i32 {
  return end - memoryStart();
}

/** Puts the empty string that separates environment and arguments. */
function endEnvironment(): void {
  store<u8>(end, 0);
  end++;
  setOwner(OWNER_ARGUMENTS);
}

function take(length: i32): i32 {
  if (stringCount === REQUEST_STRINGS_LIMIT) return refuse(E_REQUEST_TOO_MANY_STRINGS);
  if (findNul(end, end + length) !== end + length) return refuse(E_STRING_WITH_NUL);
  store<u8>(end + length, 0);
  end += length + 1;
  stringCount++;
  return E_NONE;
}
