/**
 * The one place in which a request of version 1, or a call of version 2, lies as it goes over the wire.
 *
 * It is as large as the largest of them. Hosts give zeroed pages that are committed when they are written (.bss in the
 * client, an anonymous mapping in Node), so only what one uses is ever taken.
 */
import { CALL_BODY_LIMIT, MESSAGE_HEADER_BYTES } from './constants';

/**
 * One byte more than a call may have, so that a decoder has room to notice a byte too many. A request is shorter: what
 * comes before its strings is no longer than a message's header, and its strings are less than a call's body.
 */
const MEMORY_BYTES: i32 = MESSAGE_HEADER_BYTES + CALL_BODY_LIMIT + 1;
const MEMORY = memory.data(MEMORY_BYTES, 8) as i32;

export const OWNER_NONE: i32 = 0;
/** A request is received. */
export const OWNER_DECODER: i32 = 1;
/** A call is received. */
export const OWNER_CALL_DECODER: i32 = 2;
/** A call is laid out. */
export const OWNER_CALL_ENCODER: i32 = 3;
/** A request is laid out, and its environment is next. */
export const OWNER_ENVIRONMENT: i32 = 4;
/** A request is laid out, and its arguments are next. */
export const OWNER_ARGUMENTS: i32 = 5;

/** Who uses the memory. There is one at a time: who begins ends the other. */
export let owner: i32 = OWNER_NONE;

export function setOwner(next: i32): void {
  owner = next;
}

/** Ends whoever uses the memory, for the reason that is returned: after an error nothing in it is to be used. */
export function refuse(code: i32): i32 {
  owner = OWNER_NONE;
  return code;
}

export function memoryStart(): i32 {
  return MEMORY;
}

export function memoryEnd(): i32 {
  return MEMORY + MEMORY_BYTES;
}
