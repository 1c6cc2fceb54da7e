/** Which bytes are text: UTF-8 (RFC 3629, section 4) without a NUL, as a C string and a JavaScript string both can hold it. */

export function isText(from: i32, end: i32): bool {
  let at = from;
  while (at < end) {
    const length = characterLength(at, end);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/** How long the character is that begins here; 0 where none does. */
function characterLength(at: i32, end: i32): i32 {
  const first: i32 = load<u8>(at);
  if (first < 0x80) return first === 0 ? 0 : 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length: i32 = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length > end - at) return 0;
  // The second byte of some is limited further: no longer form than is needed, no surrogates, nothing above U+10FFFF.
  const lowest: i32 = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest: i32 = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (!isBetween(at + 1, lowest, highest)) return 0;
  for (let place: i32 = 2; place < length; place++) {
    if (!isBetween(at + place, 0x80, 0xbf)) return 0;
  }
  return length;
}

function isBetween(at: i32, lowest: i32, highest: i32): bool {
  const byte: i32 = load<u8>(at);
  return byte >= lowest && byte <= highest;
}
