/**
 * SHA-256 (FIPS 180-4), in pieces of any length.
 *
 * State: eight words, the block being filled, and how many bytes have come in all. One hash at a time.
 */
import { HASH_BYTES } from './constants';

const BLOCK_BYTES: i32 = 64;
/** The last block ends in the message's length in bits, 8 bytes. */
const LENGTH_AT: i32 = 56;

/** Cube roots of the first 64 primes, the first 32 bits of their fractions. */
const K = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]) as i32;

/** The message schedule, 64 words. */
const W = memory.data(256, 8) as i32;
const BLOCK = memory.data(64, 8) as i32;
const RESULT = memory.data(HASH_BYTES, 8) as i32;

let h0: u32 = 0;
let h1: u32 = 0;
let h2: u32 = 0;
let h3: u32 = 0;
let h4: u32 = 0;
let h5: u32 = 0;
let h6: u32 = 0;
let h7: u32 = 0;
/** Bytes waiting in BLOCK, always fewer than a block. */
let waiting: i32 = 0;
/** Bytes of the message so far. */
let total: u64 = 0;

/** Begins a message. The words are the square roots of the first eight primes, as K is made. */
export function begin(): void {
  h0 = 0x6a09e667;
  h1 = 0xbb67ae85;
  h2 = 0x3c6ef372;
  h3 = 0xa54ff53a;
  h4 = 0x510e527f;
  h5 = 0x9b05688c;
  h6 = 0x1f83d9ab;
  h7 = 0x5be0cd19;
  waiting = 0;
  total = 0;
}

/** Takes `length` bytes at `address`: fills the open block, hashes whole blocks in place, keeps the rest. */
export function update(address: i32, length: i32): void {
  total += length as u64;
  let from = address;
  const end = address + length;
  if (waiting > 0) {
    const missing = BLOCK_BYTES - waiting;
    const taken = length < missing ? length : missing;
    memory.copy(BLOCK + waiting, from, taken);
    waiting += taken;
    from += taken;
    if (waiting < BLOCK_BYTES) return;
    compress(BLOCK);
    waiting = 0;
  }
  while (from + BLOCK_BYTES <= end) {
    compress(from);
    from += BLOCK_BYTES;
  }
  memory.copy(BLOCK, from, end - from);
  waiting = end - from;
}

/** Takes one byte. */
export function updateByte(byte: i32): void {
  store<u8>(BLOCK + waiting, byte);
  waiting++;
  total++;
  if (waiting === BLOCK_BYTES) {
    compress(BLOCK);
    waiting = 0;
  }
}

/** Pads the message and returns where its hash is. */
export function end(): i32 {
  const bits = total << 3;
  updateByte(0x80);
  while (waiting !== LENGTH_AT) updateByte(0);
  store<u64>(BLOCK + LENGTH_AT, bswap<u64>(bits));
  compress(BLOCK);
  waiting = 0;
  storeWord(0, h0);
  storeWord(4, h1);
  storeWord(8, h2);
  storeWord(12, h3);
  storeWord(16, h4);
  storeWord(20, h5);
  storeWord(24, h6);
  storeWord(28, h7);
  return RESULT;
}

function storeWord(at: i32, word: u32): void {
  store<u32>(RESULT + at, bswap<u32>(word));
}

/** One block of 64 bytes. */
function compress(block: i32): void {
  for (let t: i32 = 0; t < 16; t++) {
    store<u32>(W + (t << 2), bswap<u32>(load<u32>(block + (t << 2))));
  }
  for (let t: i32 = 16; t < 64; t++) {
    const at = W + (t << 2);
    const w15 = load<u32>(at - 60);
    const w2 = load<u32>(at - 8);
    const s0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >> 3);
    const s1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >> 10);
    store<u32>(at, load<u32>(at - 64) + s0 + load<u32>(at - 28) + s1);
  }
  let a = h0;
  let b = h1;
  let c = h2;
  let d = h3;
  let e = h4;
  let f = h5;
  let g = h6;
  let h = h7;
  for (let t: i32 = 0; t < 64; t++) {
    const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = h + s1 + choice + load<u32>(K + (t << 2)) + load<u32>(W + (t << 2));
    const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + s0 + majority;
  }
  h0 += a;
  h1 += b;
  h2 += c;
  h3 += d;
  h4 += e;
  h5 += f;
  h6 += g;
  h7 += h;
}
