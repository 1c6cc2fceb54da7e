/**
 * The command line, as argv.
 *
 *     prefork-interp  [OPTION ..] INTERPRETER  [SCRIPT [ARG ..]]
 *     prefork-interp  [OPTION,..],INTERPRETER[,ARG ..]   SCRIPT [ARG ..]
 *     prefork-interp '[OPTION ..] INTERPRETER [ARG ..]'  SCRIPT [ARG ..]
 *
 * A kernel passes all that follows the program in a `#!` line as one argument (execve(2)), hence the two combined
 * forms: a first argument that begins with `-` and holds a space or a comma. It is cut at the spaces where it holds
 * one, else at the commas. Runs of spaces count as one, as a person reads them; each comma counts.
 *
 * The host hands over arguments one after another until it hears that no more are wanted, so that script and
 * arguments, which may be megabytes, are never copied.
 */
import {
  E_ARGUMENT,
  E_MEDIATION_MISSING,
  E_NONE,
  E_OPTIONS_TOO_LONG,
  E_SCRIPT_MISSING,
  E_SEQUENCE,
  E_STRING_WITH_NUL,
  MEDIATION_NONE,
  NEED_DATA,
  OPTIONS_TEXT_LIMIT,
} from './constants';
import { beginWords, checkEnd, hasInterpreter, options_mediation, takeWord } from './option-grammar';
import { findByte, findNul, outside } from './strings';

const DASH: i32 = 0x2d;
const SPACE: i32 = 0x20;
const COMMA: i32 = 0x2c;

const TEXT = memory.data(OPTIONS_TEXT_LIMIT, 8) as i32;

let isActive: bool = false;
let argumentCount: i32 = 0;
/** Place in argv of the argument that comes next. */
let next: i32 = 0;
let textEnd: i32 = 0;
let scriptIndex: i32 = -1;
let firstArgument: i32 = 0;

/** Begins a command line of so many arguments, the program's own name counted. */
export function options_begin(count: i32): i32 {
  beginWords();
  isActive = count >= 1;
  argumentCount = count;
  next = 1;
  textEnd = TEXT;
  scriptIndex = -1;
  firstArgument = count;
  return isActive ? NEED_DATA : E_ARGUMENT;
}

/** Where the host puts the next argument, without its NUL. */
export function options_space(): i32 {
  return textEnd;
}

/** How long it may be; -1 where not even an empty one fits. */
export function options_room(): i32 {
  return isActive ? TEXT + OPTIONS_TEXT_LIMIT - 1 - textEnd : -1;
}

/** Takes the next argument: NEED_DATA (one more, or options_end()), E_NONE (finished) or an error. */
export function options_argument(length: i32): i32 {
  if (!isActive || next >= argumentCount) return end(E_SEQUENCE);
  if (outside(length, options_room())) return end(E_OPTIONS_TOO_LONG);
  const start = textEnd;
  const stop = start + length;
  if (findNul(start, stop) !== stop) return end(E_STRING_WITH_NUL);
  store<u8>(stop, 0);
  textEnd = stop + 1;
  next++;
  const code = next === 2 ? takeFirst(start, stop) : takeSeparate(start, stop);
  return code === NEED_DATA ? NEED_DATA : end(code);
}

/** Says that there are no more arguments. Where options_argument() has not said that it is finished, something is missing. */
export function options_end(): i32 {
  return end(isActive ? checkEnd() : E_SEQUENCE);
}

/** Place of the script in argv, or -1. */
export function options_script(): i32 {
  return scriptIndex;
}

/** Place in argv of the script's first argument. */
export function options_first_argument(): i32 {
  return firstArgument;
}

/** The first argument, which may be a combined one. */
function takeFirst(start: i32, stop: i32): i32 {
  if (start < stop && load<u8>(start) === DASH) {
    if (findByte(SPACE, start, stop) !== stop) return takeCombined(SPACE, start, stop);
    if (findByte(COMMA, start, stop) !== stop) return takeCombined(COMMA, start, stop);
  }
  return takeSeparate(start, stop);
}

/** An argument that is one word. Interpreter arguments are not among these: behind the interpreter comes the script. */
function takeSeparate(start: i32, stop: i32): i32 {
  const code = takeWord(start, stop);
  if (code !== NEED_DATA) return code;
  return hasInterpreter() ? finish() : NEED_DATA;
}

/** The words of a combined argument; each separator becomes the NUL of the word before it. */
function takeCombined(separator: i32, start: i32, stop: i32): i32 {
  for (let from = start; from <= stop; ) {
    const to = findByte(separator, from, stop);
    store<u8>(to, 0);
    if (to > from || separator === COMMA) {
      const code = takeWord(from, to);
      if (code !== NEED_DATA) return code;
    }
    from = to + 1;
  }
  const code = checkEnd();
  if (code !== E_NONE) return code;
  return next < argumentCount ? finish() : E_SCRIPT_MISSING;
}

/** The interpreter and its arguments are known: what follows is the script. */
function finish(): i32 {
  if (options_mediation() === MEDIATION_NONE) return E_MEDIATION_MISSING;
  if (next < argumentCount) {
    scriptIndex = next;
    firstArgument = next + 1;
  }
  return E_NONE;
}

function end(code: i32): i32 {
  isActive = false;
  return code;
}
