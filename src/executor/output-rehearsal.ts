import { Console } from 'node:console';
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Writable } from 'node:stream';
import { outputAhead } from './stdio.js';

/** So that V8 keeps feedback of what the functions are called with. */
const TIMES = 8;

/**
 * In a server, whose standard output is `/dev/null`: writes what goes nowhere, to a pipe and to a file. Nearly every script writes something, and for the first time in its
 * process: Node makes streams, a dozen of its modules run for the first time, and V8 compiles them (measured: 3.5 ms of a call, and 0.5 after this).
 */
export function rehearseOutput(): void {
  withoutTicks(() => {
    for (let time = 0; time < TIMES; time += 1) {
      // First, because Node itself asks process.stderr for its colours, and who asks is taken for initialisation.
      const output = outputAhead();
      if (!output) return;
      write(...output);
      write(pipe(), pipe());
    }
  });
}

function write(stdout: Writable, stderr: Writable): void {
  const console = new Console({ stdout, stderr });
  console.log('%s', 'a word', 1, { a: ['list'] });
  console.error('a word');
  stdout.write('a word\n');
}

/** A socket without anything behind it: a handle of libuv's could be closed in no server, and each process that is forked from it would have to. */
function pipe(): Writable {
  const done = () => 0;
  const handle = {
    writeUtf8String: done,
    writeLatin1String: done,
    writeBuffer: done,
    writev: done,
    getAsyncId: () => 1,
  };
  return new Socket({ handle, readable: false, writable: true } as unknown as SocketConstructorOpts);
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
