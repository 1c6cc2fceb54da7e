import { Console } from 'node:console';
import { closeSync, openSync } from 'node:fs';
import * as native from '../native.js';
import { outputAhead } from './stdio.js';

/** So that V8 keeps feedback of what the functions are called with. */
const TIMES = 8;

/**
 * In a server: writes to standard output and error what goes nowhere, to a pipe and to a file. Nearly every script writes something, and for the first time in its
 * process: Node makes streams, a dozen of its modules run for the first time, and V8 compiles them (measured: 3.5 ms of a call, and 0.5 after this).
 */
export function rehearseOutput(): void {
  const file = openSync('/dev/null', 'r+');
  const [pipe, reader] = native.socketPair();
  try {
    for (const kind of [pipe, file]) withoutTicks(() => rehearse(kind));
  } finally {
    for (const standard of [1, 2]) {
      native.duplicateTo(file, standard);
      native.setCloseOnExec(standard, true);
    }
    closeSync(file);
    native.closeAll([pipe, reader]);
  }
}

function rehearse(kind: number): void {
  for (const standard of [1, 2]) native.duplicateTo(kind, standard);
  for (let time = 0; time < TIMES; time += 1) {
    const output = outputAhead();
    if (!output) return;
    const [stdout, stderr] = output;
    const console = new Console({ stdout, stderr });
    console.log('%s', 'a word', 1, { a: ['list'] });
    console.error('a word');
    stdout.write('a word\n');
  }
}

/**
 * What is left for the next tick is done at once: a server never gets to it, but each process that is forked from it would. Node looks the function up on
 * `process` for each use.
 */
function withoutTicks(what: () => void): void {
  const { nextTick } = process;
  const waiting: (() => void)[] = [];
  process.nextTick = (callback: (...args: never[]) => void, ...args: unknown[]) => {
    waiting.push(() => Reflect.apply(callback, undefined, args));
  };
  try {
    what();
    for (let next = waiting.shift(); next; next = waiting.shift()) next();
  } finally {
    process.nextTick = nextTick;
  }
}
