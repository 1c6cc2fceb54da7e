/** Searching and comparing runs of bytes, and the place where a host puts a string for the core to read. */
import { E_NONE, E_STRING_TOO_LONG, E_STRING_WITH_NUL, STRING_LIMIT } from './constants';

/** A host writes a string here and passes its length. One place, as no function keeps anything in it. */
const INPUT = memory.data(STRING_LIMIT + 1, 8) as i32;

export function input(): i32 {
  return INPUT;
}

/** Whether a host's length is none that [0, limit] holds. Lengths above 2^31 arrive as negative numbers. */
export function outside(length: i32, limit: i32): bool {
  return length < 0 || length > limit;
}

/** Whether the input may be a string of this length: E_NONE, or why not. */
export function checkInput(length: i32): i32 {
  if (outside(length, STRING_LIMIT)) return E_STRING_TOO_LONG;
  return findNul(INPUT, INPUT + length) === INPUT + length ? E_NONE : E_STRING_WITH_NUL;
}

/** A word of eight bytes 0x01, and one of eight bytes 0x80. */
const ONES: u64 = u64.MAX_VALUE / 255;
const HIGHS: u64 = ONES << 7;
const STEP: i32 = 8;

/** Address of the first NUL in [from, end), or end. Eight bytes a step: a request is mostly long strings. */
export function findNul(from: i32, end: i32): i32 {
  let at = from;
  while (at + STEP <= end) {
    // Not zero exactly when one of the eight bytes is: only a zero byte both borrows and has its high bit clear.
    const eight = load<u64>(at);
    if (((eight - ONES) & ~eight & HIGHS) !== 0) break;
    at += STEP;
  }
  while (at < end && load<u8>(at) !== 0) at++;
  return at;
}

/** Address of the first `byte` in [from, end), or end. */
export function findByte(byte: i32, from: i32, end: i32): i32 {
  let at = from;
  while (at < end && load<u8>(at) !== byte) at++;
  return at;
}
