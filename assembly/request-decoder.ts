/**
 * Takes a request off the wire, in either framing, received by the host straight into the core's memory.
 *
 * Which framing it is shows in the very first byte: the release sends one byte without a descriptor first, the first
 * design begins with the descriptors. The kernel ends a read behind bytes that carry descriptors
 * (unix_stream_read_generic in net/unix/af_unix.c), so those of a read belong to its last byte.
 *
 *     START --0, no descriptor--> CARRIERS --three times 0 with one descriptor--> LENGTH --> STRINGS --> DONE
 *       \--0 with a descriptor---^ (one carrier seen)
 */
import {
  E_ARGUMENT,
  E_NONE,
  E_REQUEST_DESCRIPTORS,
  E_REQUEST_ENVIRONMENT,
  E_REQUEST_MARKER,
  E_REQUEST_NO_SEPARATOR,
  E_REQUEST_NOT_TERMINATED,
  E_REQUEST_TOO_LARGE,
  E_REQUEST_TOO_MANY_STRINGS,
  E_REQUEST_TRAILING,
  E_SEQUENCE,
  FRAMING_FIRST_DESIGN,
  FRAMING_RELEASED,
  NEED_DATA,
  REQUEST_DESCRIPTORS,
  REQUEST_LIMIT,
  REQUEST_STRINGS_LIMIT,
} from './constants';
import { EQUALS_SIGN, LENGTH_BYTES } from './request';
import { memoryEnd, memoryStart, OWNER_DECODER, owner, refuse, setOwner } from './request-memory';
import { findByte, findNul, outside } from './strings';

const START = 0;
const CARRIERS = 1;
const LENGTH = 2;
const STRINGS = 3;
const DONE = 4;

let state: i32 = DONE;
let framing: i32 = FRAMING_RELEASED;
let carriers: i32 = 0;
/** Behind the last byte received. */
let filled: i32 = 0;
/** Behind the last byte looked at. */
let scanned: i32 = 0;
/** Where the strings begin and where they will end. */
let strings: i32 = 0;
let stringsEnd: i32 = 0;
/** Where the string being received begins. */
let stringStart: i32 = 0;
let stringCount: i32 = 0;
/** Where the arguments begin, 0 while in the environment. */
let argumentsStart: i32 = 0;

/** Begins a request; it ends an encoder's, or another decoder's, that is under way. */
export function decoder_begin(): void {
  setOwner(OWNER_DECODER);
  state = START;
  carriers = 0;
  filled = memoryStart();
  scanned = filled;
  stringCount = 0;
  argumentsStart = 0;
}

/** Where the host may receive bytes. */
export function decoder_space(): i32 {
  return filled;
}

/**
 * How many. Before the length, only what comes before it: nothing more can be in one read of a proper request.
 * Then all there is room for, so that the length and the strings of a usual request take one read.
 */
export function decoder_room(): i32 {
  if (owner !== OWNER_DECODER) return 0;
  if (state === START || state === CARRIERS) return memoryStart() + 1 + REQUEST_DESCRIPTORS - filled;
  if (state === DONE) return 1;
  return memoryEnd() - filled;
}

/**
 * How many bytes of the request there have to be, its first counted, before more can be said of it: all of them, once its
 * length has come. For a host that must not hand over what comes behind it.
 */
export function decoder_wanted(): i32 {
  if (owner !== OWNER_DECODER) return 0;
  const end = state < LENGTH ? filled + 1 : state === LENGTH ? scanned + LENGTH_BYTES : stringsEnd;
  return end - memoryStart();
}

/** Takes `length` bytes that were received into the space, the last of them with `descriptors` descriptors. */
export function decoder_received(length: i32, descriptors: i32): i32 {
  if (owner !== OWNER_DECODER) return E_SEQUENCE;
  if (length < 1 || outside(length, decoder_room()) || descriptors < 0) return refuse(E_ARGUMENT);
  if (state === DONE) return refuse(E_REQUEST_TRAILING);
  filled += length;
  while (scanned < filled && state < LENGTH) {
    const code = carrier(load<u8>(scanned), scanned === filled - 1 ? descriptors : 0);
    if (code !== E_NONE) return refuse(code);
    scanned++;
    if (scanned === filled) return NEED_DATA;
  }
  if (descriptors !== 0) return refuse(E_REQUEST_DESCRIPTORS);
  if (state === LENGTH) {
    if (filled - scanned < LENGTH_BYTES) return NEED_DATA;
    const code = takeLength(bswap<u32>(load<u32>(scanned)));
    if (code !== E_NONE) return refuse(code);
  }
  return takeStrings();
}

export function decoder_framing(): i32 {
  return framing;
}

/** Where the environment's entries begin, once the request is complete, each ended by its NUL. */
export function decoder_environment(): i32 {
  return strings;
}

/** How long they are together, without the empty string behind them. */
export function decoder_environment_length(): i32 {
  return decoder_complete() ? argumentsStart - 1 - strings : 0;
}

/** Where the arguments begin, each ended by its NUL. */
export function decoder_arguments(): i32 {
  return argumentsStart;
}

export function decoder_arguments_length(): i32 {
  return decoder_complete() ? stringsEnd - argumentsStart : 0;
}

/** Whether a request has been received whole, and is still there. */
export function decoder_complete(): bool {
  return owner === OWNER_DECODER && state === DONE;
}

/** One of the bytes before the length: the marker, or one that carries a descriptor. */
function carrier(byte: i32, descriptors: i32): i32 {
  if (byte !== 0) return E_REQUEST_MARKER;
  if (state === START) {
    state = CARRIERS;
    framing = descriptors === 0 ? FRAMING_RELEASED : FRAMING_FIRST_DESIGN;
    if (descriptors === 0) return E_NONE;
  }
  if (descriptors !== 1) return E_REQUEST_DESCRIPTORS;
  carriers++;
  if (carriers === REQUEST_DESCRIPTORS) state = LENGTH;
  return E_NONE;
}

/** The length is judged before any of the strings is waited for. */
function takeLength(length: i32): i32 {
  if (outside(length, REQUEST_LIMIT)) return E_REQUEST_TOO_LARGE;
  scanned += LENGTH_BYTES;
  strings = scanned;
  stringStart = scanned;
  stringsEnd = scanned + length;
  state = STRINGS;
  return E_NONE;
}

/** Looks at what has come of the strings, each byte once, however it was cut. */
function takeStrings(): i32 {
  if (filled > stringsEnd) return refuse(E_REQUEST_TRAILING);
  while (true) {
    const at = findNul(scanned, filled);
    scanned = at;
    if (at === filled) break;
    const code = takeString(at);
    if (code !== E_NONE) return refuse(code);
    scanned++;
    stringStart = scanned;
  }
  if (filled < stringsEnd) return NEED_DATA;
  if (stringStart !== stringsEnd) return refuse(E_REQUEST_NOT_TERMINATED);
  if (argumentsStart === 0) return refuse(E_REQUEST_NO_SEPARATOR);
  state = DONE;
  return E_NONE;
}

/** A string that ends at `at`: an entry of the environment, the empty one behind it, or an argument. */
function takeString(at: i32): i32 {
  if (argumentsStart === 0) {
    if (at === stringStart) {
      argumentsStart = at + 1;
      return E_NONE;
    }
    if (findByte(EQUALS_SIGN, stringStart, at) === at) return E_REQUEST_ENVIRONMENT;
  }
  if (stringCount === REQUEST_STRINGS_LIMIT) return E_REQUEST_TOO_MANY_STRINGS;
  stringCount++;
  return E_NONE;
}
