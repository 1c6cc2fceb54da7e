/**
 * The grammar of the command line's words: options, then the interpreter, then, in a combined form, its arguments.
 *
 *     OPTIONS --letter with a value at the end--> VALUE --> OPTIONS
 *        |  \--'--'--> INTERPRETER --\
 *        \--a word without dash--------> ARGUMENTS
 */
import {
  E_INTERPRETER_MISSING,
  E_MEDIATION_TWICE,
  E_NONE,
  E_OPTION_TWICE,
  E_OPTION_UNKNOWN,
  E_OPTION_VALUE_MISSING,
  E_OPTION_VALUE_UNWANTED,
  FLAG_DIRECT_ON_TTY,
  FLAG_STRICT,
  MEDIATION_LAUNDERED,
  MEDIATION_NONE,
  MEDIATION_UNLAUNDERED,
  MODE_EXAMINE,
  MODE_EXPLAIN,
  MODE_FRESH,
  MODE_HELP,
  MODE_KILL,
  MODE_RUN,
  NEED_DATA,
  ROLE_IDENT,
  ROLE_INTERPRETER,
  ROLE_INTERPRETER_ARGUMENT,
  ROLE_SETTING,
  ROLE_STRING,
  ROLE_VARIABLE,
} from './constants';
import { checkName } from './name';
import { addWord, clearWords } from './option-words';
import { checkSetting, clearSettings, isSetting } from './settings';
import { findByte } from './strings';

const DASH: i32 = 0x2d;
const EQUALS_SIGN: i32 = 0x3d;
const LETTER_UNLAUNDERED: i32 = 0x55; // U
const LETTER_LAUNDERED: i32 = 0x4c; // L
const LETTER_FRESH: i32 = 0x66; // f

/** The long options, without their dashes. */
const KILL = memory.data<u8>([0x6b, 0x69, 0x6c, 0x6c]) as i32; // kill
const HELP = memory.data<u8>([0x68, 0x65, 0x6c, 0x70]) as i32; // help
const EXPLAIN = memory.data<u8>([0x65, 0x78, 0x70, 0x6c, 0x61, 0x69, 0x6e]) as i32; // explain
const EXAMINE = memory.data<u8>([0x65, 0x78, 0x61, 0x6d, 0x69, 0x6e, 0x65]) as i32; // examine
const STRICT = memory.data<u8>([0x73, 0x74, 0x72, 0x69, 0x63, 0x74]) as i32; // strict
const DIRECT_ON_TTY = memory.data<u8>([
  0x64, 0x69, 0x72, 0x65, 0x63, 0x74, 0x2d, 0x6f, 0x6e, 0x2d, 0x74, 0x74, 0x79,
]) as i32; // direct-on-tty

/** What an option letter is called in a message: `-x` and a NUL. */
const LETTER_SUBJECT = memory.data(3, 8) as i32;
const NO_SUBJECT = memory.data(1, 8) as i32;

/** An option or the interpreter may come. */
const OPTIONS = 0;
/** The value of the option in `pending` must come. */
const VALUE = 1;
/** Options were ended by `--`: the interpreter must come. */
const INTERPRETER = 2;
/** The interpreter is known: its arguments may come. */
const ARGUMENTS = 3;

let state: i32 = OPTIONS;
let pending: i32 = 0;
let mode: i32 = MODE_RUN;
let mediation: i32 = MEDIATION_NONE;
let flags: i32 = 0;
let subject: i32 = NO_SUBJECT;

export function beginWords(): void {
  state = OPTIONS;
  mode = MODE_RUN;
  mediation = MEDIATION_NONE;
  flags = 0;
  subject = NO_SUBJECT;
  clearWords();
  clearSettings();
}

/** Takes one word, a NUL behind it: NEED_DATA, E_NONE (`--help`: nothing else matters) or an error. */
export function takeWord(start: i32, end: i32): i32 {
  if (state === ARGUMENTS) return keep(ROLE_INTERPRETER_ARGUMENT, start, end);
  if (state === VALUE) {
    state = OPTIONS;
    return takeValue(start, end);
  }
  if (state === INTERPRETER || start === end || load<u8>(start) !== DASH) {
    if (start === end) return E_INTERPRETER_MISSING;
    state = ARGUMENTS;
    return keep(ROLE_INTERPRETER, start, end);
  }
  if (end - start > 1 && load<u8>(start + 1) === DASH) return takeLong(start, end);
  return takeLetters(start, end);
}

export function hasInterpreter(): bool {
  return state === ARGUMENTS;
}

/** What is missing where no word follows; E_NONE where the interpreter is known. */
export function checkEnd(): i32 {
  if (state === ARGUMENTS) return E_NONE;
  if (state !== VALUE) return E_INTERPRETER_MISSING;
  subject = letterSubject(pending);
  return E_OPTION_VALUE_MISSING;
}

export function options_mode(): i32 {
  return mode;
}

export function options_mediation(): i32 {
  return mediation;
}

/** What else was asked for: the sum of FLAG_STRICT and FLAG_DIRECT_ON_TTY, or 0. */
export function options_flags(): i32 {
  return flags;
}

/** What the last error is about: text with a NUL, perhaps empty. */
export function options_subject(): i32 {
  return subject;
}

/** A word that begins with `--`. */
function takeLong(start: i32, end: i32): i32 {
  if (end - start === 2) {
    state = INTERPRETER;
    return NEED_DATA;
  }
  subject = start;
  const nameEnd = findByte(EQUALS_SIGN, start, end);
  if (isSetting(start + 2, nameEnd)) return takeSetting(start, nameEnd, end);
  const isKill = isName(start + 2, nameEnd, KILL, 4);
  const isHelp = isName(start + 2, nameEnd, HELP, 4);
  const isExplain = isName(start + 2, nameEnd, EXPLAIN, 7);
  const isExamine = isName(start + 2, nameEnd, EXAMINE, 7);
  const isMode = isKill || isHelp || isExplain || isExamine;
  const isStrict = isName(start + 2, nameEnd, STRICT, 6);
  if (!isMode && !isStrict && !isName(start + 2, nameEnd, DIRECT_ON_TTY, 13)) return E_OPTION_UNKNOWN;
  if (nameEnd !== end) {
    store<u8>(nameEnd, 0);
    return E_OPTION_VALUE_UNWANTED;
  }
  subject = NO_SUBJECT;
  if (isMode) setMode(isKill ? MODE_KILL : isHelp ? MODE_HELP : isExplain ? MODE_EXPLAIN : MODE_EXAMINE);
  else flags |= isStrict ? FLAG_STRICT : FLAG_DIRECT_ON_TTY;
  return isHelp ? E_NONE : NEED_DATA;
}

/** An option of the server: its value is in the same word. */
function takeSetting(start: i32, nameEnd: i32, end: i32): i32 {
  const code = checkSetting(start + 2, nameEnd, end);
  if (code === E_OPTION_TWICE) store<u8>(nameEnd, 0);
  if (code !== E_NONE) return code;
  subject = NO_SUBJECT;
  return keep(ROLE_SETTING, start + 2, end);
}

/** Of several the last counts; but where it is to be explained or examined nothing else is done, whatever a script's own options are. */
function setMode(wanted: i32): void {
  const isKept = mode === MODE_EXPLAIN || mode === MODE_EXAMINE;
  if (!isKept || wanted === MODE_HELP) mode = wanted;
}

function isName(start: i32, end: i32, name: i32, length: i32): bool {
  return end - start === length && memory.compare(start, name, length) === 0;
}

/** A word of option letters; one that has a value takes the rest of the word, or the next word. A lone `-` has none. */
function takeLetters(start: i32, end: i32): i32 {
  for (let at = start + 1; at < end; at++) {
    const letter: i32 = load<u8>(at);
    if (letter === LETTER_UNLAUNDERED || letter === LETTER_LAUNDERED) {
      const wanted = letter === LETTER_UNLAUNDERED ? MEDIATION_UNLAUNDERED : MEDIATION_LAUNDERED;
      if (mediation !== MEDIATION_NONE && mediation !== wanted) return E_MEDIATION_TWICE;
      mediation = wanted;
    } else if (letter === LETTER_FRESH) {
      setMode(MODE_FRESH);
    } else if (letter === ROLE_IDENT || letter === ROLE_STRING || letter === ROLE_VARIABLE) {
      pending = letter;
      if (at + 1 < end) return takeValue(at + 1, end);
      state = VALUE;
    } else {
      subject = letterSubject(letter);
      return E_OPTION_UNKNOWN;
    }
  }
  return NEED_DATA;
}

/** The value of the option in `pending`. */
function takeValue(start: i32, end: i32): i32 {
  if (pending === ROLE_IDENT) {
    // How long it may be depends on the run directory, and is checked again when that is known.
    const code = checkName(start, end - start, 0);
    if (code !== E_NONE) {
      subject = start;
      return code;
    }
  }
  return keep(pending, start, end);
}

/** Keeps a word for the host. */
function keep(role: i32, start: i32, end: i32): i32 {
  const code = addWord(role, start, end - start);
  return code === E_NONE ? NEED_DATA : code;
}

function letterSubject(letter: i32): i32 {
  store<u8>(LETTER_SUBJECT, DASH);
  store<u8>(LETTER_SUBJECT + 1, letter);
  store<u8>(LETTER_SUBJECT + 2, 0);
  return LETTER_SUBJECT;
}
