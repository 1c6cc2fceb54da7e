/** The rendezvous' name in the file system: how much of an identity fits into a socket's address, and which -g may be one. */
import {
  E_IDENT_EMPTY,
  E_IDENT_SLASH,
  E_IDENT_TOO_LONG,
  E_NONE,
  E_STRING_WITH_NUL,
  IDENT_DIGITS,
  IDENT_DIGITS_MINIMUM,
  SOCKET_PATH_BYTES,
  SOCKET_PATH_OVERHEAD,
} from './constants';
import { findByte, input, outside } from './strings';

const SLASH: i32 = 0x2f;

/** How many bytes a name may have below a run directory whose path has this length; 0 where none fits. */
function room(runDirectoryLength: i32): i32 {
  const most = SOCKET_PATH_BYTES - SOCKET_PATH_OVERHEAD;
  return outside(runDirectoryLength, most) ? 0 : most - runDirectoryLength;
}

/** How many digits of the identity the name gets; 0 where so few fit that they would not tell calls apart. */
export function name_digits(runDirectoryLength: i32): i32 {
  const fits = room(runDirectoryLength);
  if (fits < IDENT_DIGITS_MINIMUM) return 0;
  return min(fits, IDENT_DIGITS);
}

/** Whether the input, `length` bytes given with -g, may be a name below such a run directory. */
export function name_check(length: i32, runDirectoryLength: i32): i32 {
  return checkName(input(), length, runDirectoryLength);
}

/** The same for bytes anywhere. */
export function checkName(address: i32, length: i32, runDirectoryLength: i32): i32 {
  if (length === 0) return E_IDENT_EMPTY;
  if (outside(length, room(runDirectoryLength))) return E_IDENT_TOO_LONG;
  const end = address + length;
  if (findByte(SLASH, address, end) !== end) return E_IDENT_SLASH;
  if (findByte(0, address, end) !== end) return E_STRING_WITH_NUL;
  return E_NONE;
}
