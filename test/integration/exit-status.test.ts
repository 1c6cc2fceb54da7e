/** However a script ends: status, signal and output are those of plain node. */
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import type { Outcome } from '../support/running.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** Without core files: a limit that is 0 says nothing about the status. */
const NO_CORE = 'ulimit -c 0; exec "$@"';

async function both(w: Workspace, script: string, args: string[]): Promise<{ warm: Outcome; plain: Outcome }> {
  const [warm, plain] = await Promise.all([
    w.shell(NO_CORE, [script, ...args]),
    w.shell(NO_CORE, ['node', script, ...args]),
  ]);
  return { warm, plain };
}

/** Node tells its own number in what it prints of warnings and failed checks. */
function withoutPid(text: string): string {
  return text.replaceAll(/node:\d+|node\[\d+\]/g, 'node:PID');
}

const WAYS: [way: string, number?: number][] = [
  ['process.exit()', 9],
  ['process.exit() without a code'],
  ['process.exitCode', 11],
  ['process.exit() in a timer', 12],
  ['process.exit() after process.exitCode', 0],
  ['process.exitCode in an exit listener', 13],
  ['process.exit() in an exit listener', 14],
  ['exit listeners', 15],
  ['more work in beforeExit'],
  ['process.reallyExit()', 16],
  ['an uncaught error'],
  ['an uncaught error in a timer'],
  ['an uncaught string'],
  ['an uncaught error with a cause'],
  ['an error in an exit listener'],
  ['an uncaught error and exit listeners'],
  ['an uncaughtException listener', 17],
  ['an uncaughtException listener that throws'],
  ['an unhandled rejection'],
  ['an unhandled rejection with a number'],
  ['process.emitWarning()'],
  ['a signal with a listener', 18],
  ['a syntax error in a late module'],
  ['a natural end'],
];

test('every way to end a CommonJS script, its output included', async () => {
  const w = workspace();
  const script = w.fixture('ends.cjs');
  for (const [way, number = 0] of WAYS) {
    const { warm, plain } = await both(w, script, [way, String(number)]);
    expect.soft({ ...warm, stderr: withoutPid(warm.stderr) }, way).toEqual({
      ...plain,
      stderr: withoutPid(plain.stderr),
    });
  }
  expect(w.servers().length, 'one server for all of them').toBe(1);
});

test('every way to end an ESM script, its output included', async () => {
  const w = workspace();
  const script = w.fixture('ends.mjs');
  const ways = [
    ['an unsettled top-level await', 13],
    ['an unsettled top-level await and an exit listener', 13],
    ['an error after a top-level await', 1],
    ['a rejected top-level await', 1],
    ['an import of what is not there', 1],
    ['a natural end after an await', 4],
  ] as const;
  for (const [way, status] of ways) {
    const { warm, plain } = await both(w, script, [way]);
    expect.soft(warm.status, way).toBe(status);
    expect.soft(warm, way).toEqual(plain);
  }
});

test('every exit status from 0 to 255', async () => {
  const w = workspace();
  const script = w.fixture('ends.cjs');
  const wrong: string[] = [];
  // The first call alone: the others find its server.
  await w.run(script, ['a natural end']);
  const statuses = Array.from({ length: 256 }, (_, status) => status);
  await eightAtATime(statuses, async (status) => {
    for (const way of ['process.exit()', 'process.exitCode']) {
      const outcome = await w.run(script, [way, String(status)]);
      if (outcome.status !== status) wrong.push(`${way} ${status}: ${JSON.stringify(outcome)}`);
    }
  });
  expect(wrong).toEqual([]);
});

/** It starts Node's debugger. Whether that is in time before the end, and what the signal does after it, is not always the same. */
const DEBUGGER = 'SIGUSR1';
const STOPS: readonly string[] = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'];
const wayOf = (name: string) => (STOPS.includes(name) ? 'a stop, and then a continuation' : 'a signal to itself');

test('a script that ends by a signal: the client ends by the same', async () => {
  const w = workspace();
  const script = w.fixture('ends.cjs');
  // A client that stops itself because its script has would have to be continued by a shell.
  for (const [name, number] of signalsTo31().filter(([name]) => !STOPS.includes(name))) {
    const { warm, plain } = await both(w, script, [wayOf(name), String(number)]);
    const expected = name === DEBUGGER ? [0, null] : [plain.status, plain.signal];
    expect.soft([warm.status, warm.signal], name).toEqual(expected);
  }
});

test('process.abort()', async () => {
  const w = workspace();
  const script = w.fixture('ends.cjs');
  const { warm, plain } = await both(w, script, ['process.abort()']);
  expect(plain.signal).toBe('SIGABRT');
  expect(warm).toMatchObject({ status: null, signal: 'SIGABRT' });
});

test('version 1: the client ends by some signals as the script did, names the others, and exits with 127', async () => {
  const w = workspace();
  const script = w.fixture('ends.cjs', { interpreter: w.versionOneNode() });
  const reproduced = ['SIGHUP', 'SIGINT', 'SIGKILL', 'SIGPIPE', 'SIGTERM'];
  for (const [name, number] of signalsTo31()) {
    const { warm, plain } = await both(w, script, [wayOf(name), String(number)]);
    if (name === DEBUGGER) {
      expect.soft([warm.status, warm.signal], name).toEqual([0, null]);
    } else if (plain.signal === null || reproduced.includes(name)) {
      expect.soft([warm.status, warm.signal], name).toEqual([plain.status, plain.signal]);
    } else {
      expect.soft([warm.status, warm.signal], name).toEqual([127, null]);
      expect.soft(warm.stderr, name).toMatch(/^prefork-interp: .*\n$/);
      // Some have two names (SIGABRT, SIGIOT): the message holds one of them, or what strsignal(3) calls it.
      expect.soft(warm.stderr, name).toMatch(/signal|SIG/i);
    }
  }
});

function signalsTo31(): [string, number][] {
  const named = new Map<number, string>();
  for (const [name, number] of Object.entries(constants.signals)) {
    if (number <= 31 && !named.has(number)) named.set(number, name);
  }
  expect(named.size).toBe(31);
  return [...named].map(([number, name]) => [name, number]);
}

async function eightAtATime<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

test('the fork point may be reached in an exit listener', async () => {
  const w = workspace();
  const script = w.script(
    'late.cjs',
    `process.on('exit', (code) => { process.preforkInterp?.initialisationComplete(); console.log(code); process.exitCode = Number(process.argv[2]); });`,
  );
  for (const status of ['0', '7', '3']) expect(await w.run(script, [status])).toEqual(await w.plain(script, [status]));
});
