/**
 * The identity of a call: a SHA-256 over a prologue and tagged fields, as lower-case hexadecimal digits.
 *
 * The host names the fields one by one and this module holds the order they must come in:
 *
 *     begin  prologue whose first byte is the scheme
 *     (context field)*                                scheme 2 only, in the order of their tags
 *     (G string | E variable (v value | absent) | o setting)*      as given on the command line
 *     i interpreter  (a argument)*  (s script)?
 */
import {
  CONTEXT_LAST,
  CONTEXT_VARIABLE,
  CONTEXT_VERSION,
  E_ARGUMENT,
  E_IDENTITY_PROLOGUE,
  E_IDENTITY_SCHEME,
  E_NONE,
  E_SEQUENCE,
  E_STRING_TOO_LONG,
  HASH_BYTES,
  IDENT_DIGITS,
  SCHEME_FIRST_DESIGN,
  SCHEME_OURS,
  STRING_LIMIT,
  TAG_ABSENT,
  TAG_INTERPRETER,
  TAG_INTERPRETER_ARGUMENT,
  TAG_SCRIPT,
  TAG_SETTING,
  TAG_STRING,
  TAG_VALUE,
  TAG_VARIABLE,
} from './constants';
import { begin, end, update, updateByte } from './sha256';
import { checkInput, input, outside } from './strings';

/** Nothing begun, or it was ended, or failed. */
const IDLE = 0;
/** A -G, a -E, an option of the server or the interpreter may come. */
const FIELDS = 1;
/** The variable's value must come, or its absence. */
const VALUE = 2;
/** Interpreter arguments, the script or the end may come. */
const INTERPRETER = 3;
/** Only the end may come. */
const SCRIPT = 4;
/** A plain hash is under way, no identity. */
const PLAIN = 5;
/** A context field may come, and all that may come where none does. */
const CONTEXT = 6;

const DIGITS = memory.data(IDENT_DIGITS + 1, 8) as i32;

let state: i32 = IDLE;
/** Tag of the context field that came last. */
let contextTag: i32 = 0;

/** Begins an identity: the prologue, `length` bytes, is the input. */
export function identity_begin(length: i32): i32 {
  state = IDLE;
  if (outside(length, STRING_LIMIT)) return E_STRING_TOO_LONG;
  if (length === 0) return E_IDENTITY_PROLOGUE;
  const scheme: i32 = load<u8>(input());
  if (scheme > SCHEME_OURS) return E_IDENTITY_SCHEME;
  if ((scheme === SCHEME_FIRST_DESIGN) !== (length === 1)) return E_IDENTITY_PROLOGUE;
  if (scheme === SCHEME_OURS && (length !== 2 || load<u8>(input() + 1) !== CONTEXT_VERSION)) return E_IDENTITY_PROLOGUE;
  begin();
  update(input(), length);
  state = scheme === SCHEME_OURS ? CONTEXT : FIELDS;
  contextTag = 0;
  return E_NONE;
}

/**
 * Adds a context field: any bytes, the input. They have their length before them, as they may hold any byte. Only a
 * variable's tag may come again.
 */
export function identity_context(tag: i32, length: i32): i32 {
  const mayCome = state === CONTEXT && tag >= contextTag;
  state = IDLE;
  if (tag < 1 || tag > CONTEXT_LAST) return E_ARGUMENT;
  if (!mayCome || (tag === contextTag && tag !== CONTEXT_VARIABLE)) return E_SEQUENCE;
  if (outside(length, STRING_LIMIT)) return E_STRING_TOO_LONG;
  updateByte(tag);
  for (let shift: i32 = 24; shift >= 0; shift -= 8) updateByte((length >> shift) & 0xff);
  update(input(), length);
  contextTag = tag;
  state = CONTEXT;
  return E_NONE;
}

/** Adds a field of this tag whose bytes, without NUL, are the input. */
export function identity_field(tag: i32, length: i32): i32 {
  const next = after(tag);
  state = IDLE;
  if (next === IDLE) return E_SEQUENCE;
  const code = checkInput(length);
  if (code !== E_NONE) return code;
  updateByte(tag);
  update(input(), length);
  updateByte(0);
  state = next;
  return E_NONE;
}

/** Says that the variable just named is not set. */
export function identity_absent(): i32 {
  if (state !== VALUE) {
    state = IDLE;
    return E_SEQUENCE;
  }
  updateByte(TAG_ABSENT);
  state = FIELDS;
  return E_NONE;
}

/** Ends the identity; its digits are at identity_digits(). */
export function identity_end(): i32 {
  const complete = state === INTERPRETER || state === SCRIPT;
  state = IDLE;
  if (!complete) return E_SEQUENCE;
  const hash = end();
  for (let at: i32 = 0; at < HASH_BYTES; at++) {
    const byte: i32 = load<u8>(hash + at);
    store<u8>(DIGITS + at * 2, digit(byte >> 4));
    store<u8>(DIGITS + at * 2 + 1, digit(byte & 0xf));
  }
  return E_NONE;
}

/** Where the digits of the last identity are, with a NUL behind. */
export function identity_digits(): i32 {
  return DIGITS;
}

/** Begins a plain hash, so that the function can be held against others. It ends an identity under way. */
export function sha256_begin(): void {
  state = PLAIN;
  begin();
}

/** Adds `length` bytes of the input. */
export function sha256_update(length: i32): i32 {
  if (state !== PLAIN) return E_SEQUENCE;
  if (outside(length, STRING_LIMIT)) return E_STRING_TOO_LONG;
  update(input(), length);
  return E_NONE;
}

/** Ends the plain hash and returns where its 32 bytes are, or 0 where none was begun. */
export function sha256_end(): i32 {
  if (state !== PLAIN) return 0;
  state = IDLE;
  return end();
}

/** What state a field of this tag leads to; IDLE where it may not come now. */
function after(tag: i32): i32 {
  if (state === FIELDS || state === CONTEXT) {
    if (tag === TAG_STRING || tag === TAG_SETTING) return FIELDS;
    if (tag === TAG_VARIABLE) return VALUE;
    if (tag === TAG_INTERPRETER) return INTERPRETER;
  } else if (state === VALUE) {
    if (tag === TAG_VALUE) return FIELDS;
  } else if (state === INTERPRETER) {
    if (tag === TAG_INTERPRETER_ARGUMENT) return INTERPRETER;
    if (tag === TAG_SCRIPT) return SCRIPT;
  }
  return IDLE;
}

/** A value below 16 as a hexadecimal digit. */
function digit(value: i32): i32 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
