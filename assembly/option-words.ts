/** The words of a command line that are kept for the host, in the order given: -g, -G, -E, options of the server, interpreter, its arguments. */
import { E_NONE, E_OPTIONS_TOO_MANY, OPTIONS_WORDS_LIMIT } from './constants';

/** A word: its role, its address (its text ends in NUL) and its length; 4 bytes each. */
const WORD_SHIFT: i32 = 4;
const WORDS = memory.data(OPTIONS_WORDS_LIMIT * 16, 8) as i32;

let count: i32 = 0;

export function clearWords(): void {
  count = 0;
}

export function addWord(role: i32, address: i32, length: i32): i32 {
  if (count === OPTIONS_WORDS_LIMIT) return E_OPTIONS_TOO_MANY;
  const word = WORDS + (count << WORD_SHIFT);
  store<i32>(word, role);
  store<i32>(word + 4, address);
  store<i32>(word + 8, length);
  count++;
  return E_NONE;
}

export function options_word_count(): i32 {
  return count;
}

/** The role of a word; 0 where there is no such word. */
export function options_word_role(index: i32): i32 {
  return field(index, 0);
}

export function options_word_text(index: i32): i32 {
  return field(index, 4);
}

export function options_word_length(index: i32): i32 {
  return field(index, 8);
}

function field(index: i32, at: i32): i32 {
  return index < 0 || index >= count ? 0 : load<i32>(WORDS + (index << WORD_SHIFT) + at);
}
