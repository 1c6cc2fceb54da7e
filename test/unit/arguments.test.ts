import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { droppedFromFront, setArguments } from '../../src/executor/arguments.js';

const STARTED = ['/usr/bin/node', '/bin/script', 'first', 'caller'];
const given = (...words: string[]): Uint8Array[] => words.map((word) => Buffer.from(word));

let kept: string[];
beforeEach(() => {
  kept = process.argv;
});
afterEach(() => {
  process.argv = kept;
});

describe('process.argv of a call', () => {
  it.each<[string, (argv: string[]) => string[], string[]]>([
    ['left alone', (argv) => argv, ['/usr/bin/node', '/bin/script', 'a', 'b', 'c']],
    ['without node and script', (argv) => argv.slice(2), ['a', 'b', 'c']],
    ['without its first argument, too', (argv) => argv.slice(3), ['b', 'c']],
    ['without the arguments', (argv) => argv.slice(0, 2), ['/usr/bin/node', '/bin/script', 'a', 'b', 'c']],
    ['with something of its own', (argv) => [...argv, 'own'], ['/usr/bin/node', '/bin/script', 'a', 'b', 'c']],
    ['in another order', (argv) => [...argv].reverse(), ['/usr/bin/node', '/bin/script', 'a', 'b', 'c']],
  ])('that initialisation has %s', (_, change, expected) => {
    process.argv = change([...STARTED]);
    const held = process.argv;
    setArguments(STARTED, droppedFromFront(STARTED, process.argv), given('a', 'b', 'c'));
    expect(process.argv).toEqual(expected);
    expect(process.argv).toBe(held);
  });

  it('has arguments also where setup was given none', () => {
    const laundered = STARTED.slice(0, 2);
    process.argv = laundered.slice(2);
    setArguments(laundered, droppedFromFront(laundered, process.argv), given('a'));
    expect(process.argv).toEqual(['a']);
  });

  it('has no script where setup had none', () => {
    process.argv = ['/usr/bin/node'];
    setArguments(['/usr/bin/node'], 0, given('a'));
    expect(process.argv).toEqual(['/usr/bin/node', 'a']);
  });

  it('may be longer than a call can have arguments', () => {
    process.argv = [...STARTED];
    const words = new Array<Uint8Array>(200_000).fill(Buffer.from('x'));
    setArguments(STARTED, 0, words);
    expect(process.argv).toHaveLength(200_002);
  });
});

it('what was dropped is found at the front only', () => {
  expect(droppedFromFront(['a', 'b', 'c'], ['b', 'c'])).toBe(1);
  expect(droppedFromFront(['a', 'b', 'c'], [])).toBe(3);
  expect(droppedFromFront(['a', 'b', 'c'], ['a', 'b'])).toBe(0);
  expect(droppedFromFront(['a', 'b', 'c'], ['a', 'b', 'c'])).toBe(0);
});
