/** The core's SHA-256 against Node's own: every length around several blocks, handed over in two pieces cut at every place. */
import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { instantiate } from '../../src/core.js';
import { buildNativeHost, runInNative } from '../support/native-host.js';
import { escapeBytes } from '../support/notation.js';
import { coreBytes } from '../support/wasm-host.js';

const LONGEST = 300;
const core = instantiate(coreBytes);

beforeAll(buildNativeHost, 300_000);

/** Bytes that differ from place to place and from message to message. */
function message(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 7 + length * 13 + (at >> 5)) & 0xff));
}

function splits(length: number): [Buffer, Buffer][] {
  const bytes = message(length);
  return Array.from({ length: length + 1 }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
}

test('lengths 0 to 300 at every split, in wasm', () => {
  for (let length = 0; length <= LONGEST; length++) {
    const expected = createHash('sha256').update(message(length)).digest('hex');
    for (const pieces of splits(length)) {
      const hash = Buffer.from(core.sha256(pieces)).toString('hex');
      if (hash !== expected) expect({ length, split: pieces[0].length, hash }).toEqual({ length, hash: expected });
    }
  }
});

test('lengths 0 to 300 at every split, native', () => {
  const cases = Array.from({ length: LONGEST + 1 }, (_, length) =>
    splits(length).map((pieces) => ({ length, pieces })),
  ).flat();
  const results = runInNative(
    'host',
    cases.map(({ pieces }) => `sha256 ${pieces.map(escapeBytes).join(' ')}`),
  );
  const hashes = Array.from({ length: LONGEST + 1 }, (_, length) =>
    createHash('sha256').update(message(length)).digest('hex'),
  );
  const wrong = cases.filter(({ length }, at) => results[at]?.[0] !== `hash ${hashes[length]}`);
  expect(wrong.map(({ length, pieces }) => ({ length, split: pieces[0].length }))).toEqual([]);
});

test('a message longer than the core takes in one piece', () => {
  const bytes = message(1_000_003);
  expect(Buffer.from(core.sha256([bytes])).toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
});
