/** The vectors of test/vectors, run by the codec as it is shipped. Elsewhere than in Node: test/integration/codec-everywhere.test.ts. */
import { expect, test } from 'vitest';
import { codecLines, VECTOR_FILES } from '../support/codec-cases.js';
import { runInCodec } from '../support/codec-host.js';

const files = VECTOR_FILES.map((file) => ({ file, lines: codecLines(file) })).filter(({ lines }) => lines.length > 0);

test.each(files)('$file', ({ lines }) => {
  const wrong = lines
    .map(({ how, line, expected }) => ({ how, line: line.slice(0, 300), expected, result: runInCodec(line) }))
    .filter(({ expected, result }) => expected.join('\n') !== result.join('\n'));
  expect({ wrong: wrong.length, first: wrong[0] }).toEqual({ wrong: 0, first: undefined });
});

test('nearly all of them are the codec’s', () => {
  expect(files.map(({ file }) => file).sort()).toEqual(
    VECTOR_FILES.filter((file) => file !== 'sha256.txt' && file !== 'message-header.txt').sort(),
  );
});
