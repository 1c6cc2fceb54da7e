/** The vectors of test/vectors, run by each host of the core: wasm in Node, and the C that wasm2c made of it, plain and sanitized. */
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type HostLine, hostLines } from '../support/core-lines.js';
import { buildNativeHost, runInNative } from '../support/native-host.js';
import { type Case, readCases } from '../support/vector-file.js';
import { runInWasm } from '../support/wasm-host.js';

const files = readdirSync(new URL('../vectors', import.meta.url)).filter((file) => file.endsWith('.txt'));

beforeAll(buildNativeHost, 300_000);

describe.each(files)('%s', (file) => {
  const cases = readCases(file).map((test) => ({ title: test.title, lines: hostLines(test), test }));

  test.each(cases)('wasm: $title', ({ lines }) => {
    compare(
      lines,
      lines.map(({ line }) => runInWasm(line)),
    );
  });

  // One process runs them all: a core that is left in a bad state by one case shows in the next.
  test.each(['host', 'host-sanitized'] as const)('native, all cases: %s', (program) => {
    const all = cases.flatMap(({ lines, test }) =>
      lines.map((line) => ({ ...line, how: `${title(test)}: ${line.how}` })),
    );
    compare(
      all,
      runInNative(
        program,
        all.map(({ line }) => line),
      ),
    );
  });
});

function title(test: Case): string {
  return test.title.slice(0, 100);
}

/** Shows how many results are not as expected, and the first of them. */
function compare(lines: HostLine[], results: string[][]): void {
  expect(results.length).toBe(lines.length);
  const pairs = lines.map(({ how, expected }, at) => ({ how, expected, result: results[at] }));
  const wrong = pairs.filter(({ expected, result }) => expected.join('\n') !== result?.join('\n'));
  expect({ wrong: wrong.length, first: wrong[0] }).toEqual({ wrong: 0, first: undefined });
}
