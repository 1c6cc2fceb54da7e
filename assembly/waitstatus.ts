/**
 * What a wait status asks of the one who reproduces it.
 *
 * The layout is Linux's (wait(2)): the low seven bits are the signal, 0 for an exit, 0x7f for a stop; the next bit says
 * that a core was dumped; the next eight are the exit code. A status that waitpid(2) never gives for a finished
 * process is reported and not guessed at, as it came from another program.
 */
import {
  ACTION_EXIT,
  ACTION_RAISE,
  ACTION_REPORT_SIGNAL,
  ACTION_REPORT_STATUS,
  MEANING_ACTION_SHIFT,
  MEANING_CORE,
  MEANING_UNKNOWN_TABLE,
  WAIT_TABLE_EXACT,
  WAIT_TABLE_RELEASED,
} from './constants';

const SIGNAL_BITS: u32 = 0x7f;
const CORE_BIT: u32 = 0x80;
const CODE_SHIFT: u32 = 8;
const CODE_LARGEST: u32 = 0xff;
/** Linux has signals 1 to 64 (signal(7), SIGRTMAX). */
const SIGNAL_LAST: u32 = 64;

/** HUP 1, INT 2, KILL 9, PIPE 13 and TERM 15, a bit each; these have the same numbers on every Linux (signal(7)). */
const RAISED_RELEASED: u64 = (1 << 1) | (1 << 2) | (1 << 9) | (1 << 13) | (1 << 15);

/** The meaning of a status by a table, packed: action, core bit, and exit code or signal. */
export function wait_status(table: i32, status: u32): i32 {
  if (table !== WAIT_TABLE_RELEASED && table !== WAIT_TABLE_EXACT) return MEANING_UNKNOWN_TABLE;
  const signal = status & SIGNAL_BITS;
  const core = (status & CORE_BIT) !== 0;
  const code = status >> CODE_SHIFT;
  if (signal === 0) {
    return core || code > CODE_LARGEST ? pack(ACTION_REPORT_STATUS, false, 0) : pack(ACTION_EXIT, false, code);
  }
  if (code !== 0 || signal > SIGNAL_LAST) return pack(ACTION_REPORT_STATUS, false, 0);
  const raised = table === WAIT_TABLE_EXACT || (!core && ((RAISED_RELEASED >> (signal as u64)) & 1) !== 0);
  return pack(raised ? ACTION_RAISE : ACTION_REPORT_SIGNAL, core, signal);
}

function pack(action: i32, core: bool, value: u32): i32 {
  return (action << MEANING_ACTION_SHIFT) | (core ? MEANING_CORE : 0) | (value as i32);
}
