/**
 * Reads test/vectors: cases as readable text, which every host of the core runs.
 *
 *     == title                      a case of several lines: what is done,
 *     options prog -U 'a b'
 *     --                            then what comes of it, up to an empty line
 *     mode run
 *
 *     wait released 0x700 => exit 7         a case on one line
 *
 *     # a comment, on a line of its own
 *
 * A word may be quoted ('a b'), may hold escapes (\x00), and may be repeated ('ab'*3). In a message, which is what stands behind
 * an operation that decodes, words are bytes: two hexadecimal digits each, a quoted text, or len(5), a length in four bytes. Of
 * version 2, head(C,5) is the header of a message, its kind and its body's length, and field(1,5) that of a field, its tag and its
 * length. A byte that carries descriptors, and a header whose first byte does, says how many behind a caret: 00^1.
 */
import { readFileSync } from 'node:fs';

export interface Case {
  title: string;
  /** The operation and its words, as they stand in the file. */
  operation: string;
  words: string[];
  /** Lines in the notation of notation.ts. */
  expected: string[];
}

export function readCases(file: string): Case[] {
  const text = readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8');
  const cases: Case[] = [];
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  for (let at = 0; at < lines.length; ) {
    const line = lines[at++] as string;
    if (line === '') continue;
    if (!line.startsWith('== ')) {
      const [input, output, ...more] = line.split(' => ');
      if (input === undefined || output === undefined || more.length > 0)
        throw new Error(`${file}: not a case: ${line}`);
      cases.push(makeCase(line, input, [output]));
      continue;
    }
    const block: string[] = [];
    while (at < lines.length && lines[at] !== '') block.push(lines[at++] as string);
    const dashes = block.indexOf('--');
    if (dashes < 1) throw new Error(`${file}: ${line}: no line -- between input and result`);
    cases.push(makeCase(line.slice(3), block.slice(0, dashes).join(' '), block.slice(dashes + 1)));
  }
  if (cases.length === 0) throw new Error(`${file}: no cases`);
  return cases;
}

function makeCase(title: string, input: string, expected: string[]): Case {
  const [operation, ...words] = splitWords(input);
  return { title, operation: operation as string, words, expected };
}

/** Splits at spaces that are not in quotes. */
function splitWords(text: string): string[] {
  return text.match(/(?:'[^']*'|[^' ])+/g) ?? [];
}
