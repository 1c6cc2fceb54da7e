/**
 * Which rendezvous are to be removed: the least recently used, and only as many as there are too many. Which of them must stay, since it is at work or somebody
 * has its lock, is for the host to find out, one after another.
 *
 * The host names every file of the run directory; a socket and a lock of one ident are one entry. It then says when
 * each was last used, and asks. The ident in use by this call is never chosen. Of equally old ones the name decides,
 * so that two clients that preclean at the same time want the same.
 */
import {
  E_ARGUMENT,
  E_NONE,
  E_PRECLEAN_FULL,
  E_SEQUENCE,
  E_STRING_TOO_LONG,
  NAME_LIMIT,
  PRECLEAN_KEEP_LIMIT,
  PRECLEAN_NAMES_LIMIT,
} from './constants';
import { checkInput, input, outside } from './strings';

const LETTER_SOCKET: i32 = 0x73; // s
const LETTER_LOCK: i32 = 0x6c; // l

/** A name, its NUL included, has 256 bytes of its own: pages that are not needed are never touched. */
const NAME_SHIFT: i32 = 8;
/** One more than there can be names: the last is for the ident in use. */
const NAMES = memory.data((PRECLEAN_NAMES_LIMIT + 1) * 256, 8) as i32;
const IN_USE: i32 = PRECLEAN_NAMES_LIMIT;
/** The entries: numbers of names, sorted by name and without doubles; 4 bytes each. An entry is meant by its place here. */
const ENTRIES = memory.data(PRECLEAN_NAMES_LIMIT * 4, 8) as i32;
/** For each entry: its last use in nanoseconds, 8 bytes. */
const LAST_USE = memory.data(PRECLEAN_NAMES_LIMIT * 8, 8) as i32;
/** Places of entries, oldest first; 4 bytes each. */
const OLDEST = memory.data(PRECLEAN_NAMES_LIMIT * 4, 8) as i32;

const IDLE = 0;
const NAMING = 1;
const DATING = 2;
const CHOSEN = 3;

let state: i32 = IDLE;
let count: i32 = 0;
/** So many are left in peace. */
let keep: i32 = 0;
let candidates: i32 = 0;

/** Begins: the input is the ident of this call; `kept` rendezvous are left in peace. */
export function preclean_begin(length: i32, kept: i32): i32 {
  state = IDLE;
  if (kept < 1 || kept > PRECLEAN_KEEP_LIMIT) return E_ARGUMENT;
  const code = checkFileName(length);
  if (code !== E_NONE) return code;
  setName(IN_USE, input(), length);
  count = 0;
  candidates = 0;
  keep = kept;
  state = NAMING;
  return E_NONE;
}

/** Takes a name of the run directory, with its letter; others than those of rendezvous are passed over. */
export function preclean_name(length: i32): i32 {
  if (state !== NAMING) return E_SEQUENCE;
  const code = checkFileName(length);
  if (code !== E_NONE) return code;
  const letter: i32 = length === 0 ? 0 : load<u8>(input());
  if (letter !== LETTER_SOCKET && letter !== LETTER_LOCK) return E_NONE;
  if (count === PRECLEAN_NAMES_LIMIT) return E_PRECLEAN_FULL;
  setName(count, input() + 1, length - 1);
  store<i32>(ENTRIES + (count << 2), count);
  count++;
  return E_NONE;
}

/** Says that all were named; returns how many entries there are. Each is as if never used until something else is said. */
export function preclean_collect(): i32 {
  if (state !== NAMING) return 0;
  sort(ENTRIES, count);
  let kept = 0;
  for (let place = 0; place < count; place++) {
    const name = load<i32>(ENTRIES + (place << 2));
    if (kept > 0 && compareNames(load<i32>(ENTRIES + ((kept - 1) << 2)), name) === 0) continue;
    store<i32>(ENTRIES + (kept << 2), name);
    kept++;
  }
  count = kept;
  memory.fill(LAST_USE, 0, count << 3);
  state = DATING;
  return count;
}

/** Where the ident of an entry is, a NUL behind it; 0 where there is no such entry. */
export function preclean_ident(place: i32): i32 {
  if (state < DATING || place < 0 || place >= count) return 0;
  return nameAt(load<i32>(ENTRIES + (place << 2)));
}

/** Says when an entry was last used. */
export function preclean_last_use(place: i32, nanoseconds: i64): i32 {
  if (state !== DATING) return E_SEQUENCE;
  if (place < 0 || place >= count) return E_ARGUMENT;
  store<i64>(LAST_USE + (place << 3), nanoseconds);
  return E_NONE;
}

/** Chooses; returns how many entries are to be removed. */
export function preclean_select(): i32 {
  if (state !== DATING) return 0;
  candidates = 0;
  for (let place = 0; place < count; place++) {
    if (compareNames(load<i32>(ENTRIES + (place << 2)), IN_USE) === 0) continue;
    store<i32>(OLDEST + (candidates << 2), place);
    candidates++;
  }
  sort(OLDEST, candidates);
  state = CHOSEN;
  return min(max(count - keep, 0), candidates);
}

/** The place of the entry that is to be removed as number `order`; behind the last of them, that which would be in its stead; -1 where there is none. */
export function preclean_victim(order: i32): i32 {
  if (state !== CHOSEN || order < 0 || order >= candidates) return -1;
  return load<i32>(OLDEST + (order << 2));
}

function checkFileName(length: i32): i32 {
  return outside(length, NAME_LIMIT) ? E_STRING_TOO_LONG : checkInput(length);
}

function nameAt(name: i32): i32 {
  return NAMES + (name << NAME_SHIFT);
}

function setName(name: i32, from: i32, length: i32): void {
  memory.copy(nameAt(name), from, length);
  store<u8>(nameAt(name) + length, 0);
}

/** Less than, equal to or greater than 0, as strcmp(3). */
function compareNames(a: i32, b: i32): i32 {
  for (let at = 0; at <= NAME_LIMIT; at++) {
    const left: i32 = load<u8>(nameAt(a) + at);
    const right: i32 = load<u8>(nameAt(b) + at);
    if (left !== right || left === 0) return left - right;
  }
  return 0;
}

/** Whether what an element of an array means comes after what another means. */
function isAfter(array: i32, a: i32, b: i32): bool {
  if (array === ENTRIES) return compareNames(a, b) > 0;
  const left = load<i64>(LAST_USE + (a << 3));
  const right = load<i64>(LAST_USE + (b << 3));
  // The entries are sorted by name, so that the place decides as the name would.
  return left !== right ? left > right : a > b;
}

/** Heapsort: no memory of its own, and no input that makes it slow. */
function sort(array: i32, length: i32): void {
  for (let root = (length >> 1) - 1; root >= 0; root--) siftDown(array, root, length);
  for (let last = length - 1; last > 0; last--) {
    const largest = load<i32>(array);
    store<i32>(array, load<i32>(array + (last << 2)));
    store<i32>(array + (last << 2), largest);
    siftDown(array, 0, last);
  }
}

function siftDown(array: i32, from: i32, length: i32): void {
  const moved = load<i32>(array + (from << 2));
  let hole = from;
  let child = 2 * hole + 1;
  while (child < length) {
    const other = child + 1;
    if (other < length && isAfter(array, load<i32>(array + (other << 2)), load<i32>(array + (child << 2))))
      child = other;
    const largest = load<i32>(array + (child << 2));
    if (!isAfter(array, largest, moved)) break;
    store<i32>(array + (hole << 2), largest);
    hole = child;
    child = 2 * hole + 1;
  }
  store<i32>(array + (hole << 2), moved);
}
