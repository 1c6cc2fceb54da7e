/** The vectors of test/vectors as the codec runs them. */
import { readdirSync } from 'node:fs';
import { NOT_OF_THE_CODEC } from './codec-host.js';
import { type HostLine, hostLines } from './core-lines.js';
import { readCases } from './vector-file.js';

/**
 * What a decoder or an encoder of the core can be asked, and a connection cannot: to take for a call what is a control, and to encode what
 * its types do not let anybody say.
 */
const NOT_OF_A_CONNECTION = [
  'call head(Q,25) => error ERR_MESSAGE_KIND',
  'encode-call stdio 8 => error ERR_FIELD_VALUE 1',
];

export const VECTOR_FILES = readdirSync(new URL('../vectors', import.meta.url)).filter((file) => file.endsWith('.txt'));

/** Each case of a file, as a line for runInCodec() and what is to come of it. */
export function codecLines(file: string): HostLine[] {
  return readCases(file)
    .filter(({ operation }) => !NOT_OF_THE_CODEC.includes(operation))
    .filter(({ title }) => !NOT_OF_A_CONNECTION.includes(title))
    .flatMap((test) => hostLines(test).map((line) => ({ ...line, how: `${test.title.slice(0, 100)}: ${line.how}` })));
}
