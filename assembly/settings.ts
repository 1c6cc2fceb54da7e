/**
 * The options of the command line that are the server's, and not the client's: `--NAME=VALUE`. They are handed on to setup, which knows what their
 * values mean; here are their names, and what any value has to look like.
 */
import {
  E_NONE,
  E_OPTION_TWICE,
  E_OPTION_UNKNOWN,
  E_OPTION_VALUE,
  E_OPTION_VALUE_MISSING,
  SETTING_VALUE_LIMIT,
} from './constants';

const DASH: i32 = 0x2d;
const POINT: i32 = 0x2e;

/** The names of src/setup/options.ts, in kebab case. */
const MAX_SERVERS = 'max-servers';
const IDLE_TIMEOUT_SECONDS = 'idle-timeout-seconds';
const MAX_ERRORS = 'max-errors';
const MAX_MEMORY_MB = 'max-memory-mb';
const MIN_AVAILABLE_MB = 'min-available-mb';
const LOG_FACILITY = 'log-facility';

/** Those that were given: a bit for each name. */
let given: i32 = 0;

export function clearSettings(): void {
  given = 0;
}

export function isSetting(start: i32, end: i32): bool {
  return bitOf(start, end) !== 0;
}

/** Judges `NAME=VALUE`, the `=` at `nameEnd`, and notes that it was given. */
export function checkSetting(start: i32, nameEnd: i32, end: i32): i32 {
  const bit = bitOf(start, nameEnd);
  if (bit === 0) return E_OPTION_UNKNOWN;
  if (nameEnd === end) return E_OPTION_VALUE_MISSING;
  if ((given & bit) !== 0) return E_OPTION_TWICE;
  given |= bit;
  // It becomes an item of a list that is cut at commas and spaces.
  if (end - nameEnd - 1 > SETTING_VALUE_LIMIT) return E_OPTION_VALUE;
  for (let at = nameEnd + 1; at < end; at++) {
    if (!isPlain(load<u8>(at))) return E_OPTION_VALUE;
  }
  return E_NONE;
}

function bitOf(start: i32, end: i32): i32 {
  if (isText(start, end, MAX_SERVERS)) return 1;
  if (isText(start, end, IDLE_TIMEOUT_SECONDS)) return 2;
  if (isText(start, end, MAX_ERRORS)) return 4;
  if (isText(start, end, MAX_MEMORY_MB)) return 8;
  if (isText(start, end, MIN_AVAILABLE_MB)) return 16;
  if (isText(start, end, LOG_FACILITY)) return 32;
  return 0;
}

function isText(start: i32, end: i32, text: string): bool {
  if (end - start !== text.length) return false;
  for (let at = 0; at < text.length; at++) {
    if (<i32>load<u8>(start + at) !== text.charCodeAt(at)) return false;
  }
  return true;
}

function isPlain(byte: i32): bool {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x7a) || byte === DASH || byte === POINT;
}
