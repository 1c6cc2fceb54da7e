/**
 * The command line.
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
  E_INTERPRETER_MISSING,
  E_MEDIATION_MISSING,
  E_NONE,
  E_OPTION_UNKNOWN,
  E_OPTION_VALUE_MISSING,
  E_OPTION_VALUE_UNWANTED,
  E_OPTIONS_TOO_LONG,
  E_SCRIPT_MISSING,
  E_SEQUENCE,
  E_STRING_WITH_NUL,
  MEDIATION_NONE,
  MEDIATION_UNLAUNDERED,
  MODE_FRESH,
  MODE_HELP,
  MODE_KILL,
  MODE_RUN,
  NEED_DATA,
  OPTIONS_TEXT_LIMIT,
  ROLE_IDENT,
  ROLE_INTERPRETER,
  ROLE_INTERPRETER_ARGUMENT,
  ROLE_STRING,
  ROLE_VARIABLE,
} from './constants';
import { checkName } from './name';
import { addWord, clearWords } from './option-words';
import { findByte, findNul, outside } from './strings';

const DASH: i32 = 0x2d;
const SPACE: i32 = 0x20;
const COMMA: i32 = 0x2c;
const EQUALS_SIGN: i32 = 0x3d;

const LETTER_UNLAUNDERED: i32 = 0x55; // U
const LETTER_FRESH: i32 = 0x66; // f

const TEXT = memory.data(OPTIONS_TEXT_LIMIT, 8) as i32;
/** The long options, found by comparing whole words; `=` is looked for behind them. */
const KILL = memory.data<u8>([0x2d, 0x2d, 0x6b, 0x69, 0x6c, 0x6c]) as i32; // --kill
const HELP = memory.data<u8>([0x2d, 0x2d, 0x68, 0x65, 0x6c, 0x70]) as i32; // --help
const LONG_BYTES: i32 = 6;

/** What an unknown letter is called in a message: `-x` and a NUL. */
const LETTER_SUBJECT = memory.data(3, 8) as i32;
const NO_SUBJECT = memory.data(1, 8) as i32;

const IDLE = 0;
/** An option or the interpreter may come. */
const OPTIONS = 1;
/** The value of the option in `pending` must come. */
const VALUE = 2;
/** Options were ended by `--`: the interpreter must come. */
const INTERPRETER = 3;
/** The rest of a combined form: interpreter arguments. */
const ARGUMENTS = 4;
const FINISHED = 5;

let state: i32 = IDLE;
let pending: i32 = 0;
let argumentCount: i32 = 0;
/** Place in argv of the argument that comes next. */
let next: i32 = 0;
let textEnd: i32 = 0;
let mode: i32 = MODE_RUN;
let mediation: i32 = MEDIATION_NONE;
let scriptIndex: i32 = -1;
let firstArgument: i32 = 0;
let subject: i32 = NO_SUBJECT;

/** Begins a command line of so many arguments, the program's own name counted. */
export function options_begin(count: i32): i32 {
  state = IDLE;
  if (count < 1) return E_ARGUMENT;
  argumentCount = count;
  next = 1;
  textEnd = TEXT;
  mode = MODE_RUN;
  mediation = MEDIATION_NONE;
  scriptIndex = -1;
  firstArgument = count;
  subject = NO_SUBJECT;
  clearWords();
  state = OPTIONS;
  return NEED_DATA;
}

/** Where the host puts the next argument, without its NUL. */
export function options_space(): i32 {
  return textEnd;
}

/** How long it may be; a longer one is E_OPTIONS_TOO_LONG. */
export function options_room(): i32 {
  return state === IDLE ? 0 : max(TEXT + OPTIONS_TEXT_LIMIT - 1 - textEnd, 0);
}

/** Takes the next argument: NEED_DATA (one more, or options_end()), E_NONE (finished) or an error. */
export function options_argument(length: i32): i32 {
  if (state === IDLE || state === FINISHED || next >= argumentCount) return refuse(E_SEQUENCE);
  if (outside(length, options_room())) return refuse(E_OPTIONS_TOO_LONG);
  const start = textEnd;
  const end = start + length;
  if (findNul(start, end) !== end) return refuse(E_STRING_WITH_NUL);
  store<u8>(end, 0);
  textEnd = end + 1;
  const first = next === 1;
  next++;
  if (first && length > 0 && load<u8>(start) === DASH) {
    if (findByte(SPACE, start, end) !== end) return combined(SPACE, start, end);
    if (findByte(COMMA, start, end) !== end) return combined(COMMA, start, end);
  }
  const code = takeWord(start, end);
  // Only a combined form has interpreter arguments; here the script follows, if there is one.
  if (code === NEED_DATA && state === ARGUMENTS) return finish();
  return code;
}

/** Says that there are no more arguments. */
export function options_end(): i32 {
  if (state === FINISHED) return E_NONE;
  if (state === IDLE) return E_SEQUENCE;
  return refuse(state === VALUE ? missingValue() : E_INTERPRETER_MISSING);
}

export function options_mode(): i32 {
  return mode;
}

export function options_mediation(): i32 {
  return mediation;
}

/** Place of the script in argv, or -1. */
export function options_script(): i32 {
  return scriptIndex;
}

/** Place in argv of the script's first argument. */
export function options_first_argument(): i32 {
  return firstArgument;
}

/** What the last error is about: text with a NUL, perhaps empty. */
export function options_subject(): i32 {
  return subject;
}

/** Takes the words of a combined argument; each separator becomes the NUL of the word before it. */
function combined(separator: i32, start: i32, end: i32): i32 {
  let from = start;
  while (from <= end) {
    const to = findByte(separator, from, end);
    store<u8>(to, 0);
    if (to > from || separator === COMMA) {
      const code = takeWord(from, to);
      if (code !== NEED_DATA) return code;
    }
    from = to + 1;
  }
  if (state === VALUE) return refuse(missingValue());
  if (state !== ARGUMENTS) return refuse(E_INTERPRETER_MISSING);
  return next < argumentCount ? finish() : refuse(E_SCRIPT_MISSING);
}

/** Takes one word: NEED_DATA, E_NONE (`--help`: nothing else matters) or an error. */
function takeWord(start: i32, end: i32): i32 {
  if (state === ARGUMENTS) return keep(ROLE_INTERPRETER_ARGUMENT, start, end);
  if (state === VALUE) {
    state = OPTIONS;
    return takeValue(start, end);
  }
  if (state === INTERPRETER || start === end || load<u8>(start) !== DASH) {
    if (start === end) return refuse(E_INTERPRETER_MISSING);
    state = ARGUMENTS;
    return keep(ROLE_INTERPRETER, start, end);
  }
  if (end - start > 1 && load<u8>(start + 1) === DASH) return takeLong(start, end);
  return takeLetters(start, end);
}

/** A word that begins with `--`. */
function takeLong(start: i32, end: i32): i32 {
  if (end - start === 2) {
    state = INTERPRETER;
    return NEED_DATA;
  }
  const nameEnd = findByte(EQUALS_SIGN, start, end);
  const isKill = nameEnd - start === LONG_BYTES && memory.compare(start, KILL, LONG_BYTES) === 0;
  const isHelp = nameEnd - start === LONG_BYTES && memory.compare(start, HELP, LONG_BYTES) === 0;
  if (isKill || isHelp) {
    if (nameEnd !== end) {
      store<u8>(nameEnd, 0);
      subject = start;
      return refuse(E_OPTION_VALUE_UNWANTED);
    }
    mode = isKill ? MODE_KILL : MODE_HELP;
    if (isKill) return NEED_DATA;
    state = FINISHED;
    return E_NONE;
  }
  subject = start;
  return refuse(E_OPTION_UNKNOWN);
}

/** A word of option letters; one that has a value takes the rest of the word, or the next word. A lone `-` has none. */
function takeLetters(start: i32, end: i32): i32 {
  for (let at = start + 1; at < end; at++) {
    const letter: i32 = load<u8>(at);
    if (letter === LETTER_UNLAUNDERED) {
      mediation = MEDIATION_UNLAUNDERED;
    } else if (letter === LETTER_FRESH) {
      mode = MODE_FRESH;
    } else if (letter === ROLE_IDENT || letter === ROLE_STRING || letter === ROLE_VARIABLE) {
      pending = letter;
      if (at + 1 < end) return takeValue(at + 1, end);
      state = VALUE;
    } else {
      subject = letterSubject(letter);
      return refuse(E_OPTION_UNKNOWN);
    }
  }
  return NEED_DATA;
}

/** The value of the option in `pending`. */
function takeValue(start: i32, end: i32): i32 {
  if (pending === ROLE_IDENT) {
    // How long it may be depends on the run directory, which is checked later; here on what no directory allows.
    const code = checkName(start, end - start, 0);
    if (code !== E_NONE) {
      subject = start;
      return refuse(code);
    }
  }
  return keep(pending, start, end);
}

/** Keeps a word for the host. */
function keep(role: i32, start: i32, end: i32): i32 {
  const code = addWord(role, start, end - start);
  return code === E_NONE ? NEED_DATA : refuse(code);
}

/** The interpreter and its arguments are known: what follows is the script. */
function finish(): i32 {
  if (mediation === MEDIATION_NONE) return refuse(E_MEDIATION_MISSING);
  if (next < argumentCount) {
    scriptIndex = next;
    firstArgument = next + 1;
  }
  state = FINISHED;
  return E_NONE;
}

/** Sets the subject to the option that has no value. */
function missingValue(): i32 {
  subject = letterSubject(pending);
  return E_OPTION_VALUE_MISSING;
}

function letterSubject(letter: i32): i32 {
  store<u8>(LETTER_SUBJECT, DASH);
  store<u8>(LETTER_SUBJECT + 1, letter);
  store<u8>(LETTER_SUBJECT + 2, 0);
  return LETTER_SUBJECT;
}

function refuse(code: i32): i32 {
  state = IDLE;
  return code;
}
