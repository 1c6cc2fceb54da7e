/**
 * Every way out of a process ends the same in a forked process as under plain node: the status, and what is on stdout
 * and stderr. The expected end, where all versions of Node agree on it, is given too, so that two equal wrongs do not
 * pass.
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type CheckOptions, ForkChecks } from '../support/fork-check.js';

const checks = new ForkChecks();
afterAll(() => checks.remove());

interface Way {
  source: string;
  ended?: number | string;
  options?: CheckOptions;
}

/** Prints what the listeners see, and is on the way out when it says so. */
const listeners = `
process.on('beforeExit', (code) => console.log('beforeExit', code));
process.on('exit', (code) => console.log('exit', code, process.exitCode));
`;

const natural: Record<string, Way> = {
  'nothing left to do': { source: 'enter();', ended: 0 },
  'a timer, then nothing': { source: "enter(); setTimeout(() => console.log('ran'), 5);", ended: 0 },
  'exitCode, a number': { source: 'enter(); process.exitCode = 7;', ended: 7 },
  'exitCode, over 255': { source: 'enter(); process.exitCode = 256 + 3;', ended: 3 },
  'exitCode, negative': { source: 'enter(); process.exitCode = -1;', ended: 255 },
  'exitCode, a numeric string': { source: "enter(); process.exitCode = '9';", ended: 9 },
  'exitCode, a word (18 takes it for 0, others refuse)': { source: "enter(); process.exitCode = 'many';" },
  'exitCode, a fraction (18 cuts it, others refuse)': { source: 'enter(); process.exitCode = 3.7;' },
  'exitCode, a boolean': { source: 'enter(); process.exitCode = true;' },
  'exitCode, an object': { source: 'enter(); process.exitCode = { valueOf: () => 6 };' },
  'exitCode, a bigint': { source: 'enter(); process.exitCode = 6n;' },
  'exitCode, set and unset': { source: 'enter(); process.exitCode = 4; process.exitCode = undefined;', ended: 0 },
  'exitCode, set before the fork': { source: 'process.exitCode = 12; enter();', ended: 12 },
  'exitCode, set by a promise': {
    source: 'enter(); Promise.resolve().then(() => { process.exitCode = 8; });',
    ended: 8,
  },
  'beforeExit and exit listeners': { source: `enter(); ${listeners}`, ended: 0 },
  'listeners set before the fork': { source: `${listeners} enter(); process.exitCode = 2;`, ended: 2 },
  'beforeExit starts more work': {
    source: `enter(); let n = 0;
      process.on('beforeExit', () => { console.log('before', n); if (n++ < 2) setTimeout(() => console.log('more'), 1); });`,
    ended: 0,
  },
  'an exit listener sets exitCode': {
    source: `enter(); ${listeners} process.on('exit', () => { process.exitCode = 21; });`,
    ended: 21,
  },
  'an exit listener throws': {
    source: `enter(); ${listeners} process.on('exit', () => { throw new Error('late'); });`,
    ended: 1,
  },
  'an exit listener throws, exitCode set': {
    source: `enter(); process.exitCode = 5; process.on('exit', () => { throw new Error('late'); });`,
  },
  'an exit listener calls process.exit': { source: `enter(); process.on('exit', () => process.exit(31));`, ended: 31 },
  'a microtask of an exit listener': {
    source: `enter(); process.on('exit', () => Promise.resolve().then(() => console.log('micro')));`,
    ended: 0,
  },
  'an exit listener sets exitCode from a promise': {
    source: `enter(); process.on('exit', () => Promise.resolve().then(() => { process.exitCode = 22; }));`,
    ended: 22,
  },
  'all exit listeners removed': {
    source: `enter(); process.exitCode = 23; process.removeAllListeners(); ${listeners}`,
    ended: 23,
  },
  'process.emit replaced before the fork': { source: `${patchedEmit(17)} enter();`, ended: 17 },
  'process.emit replaced after the fork': { source: `enter(); ${patchedEmit(18)}`, ended: 18 },
  'the loop ends with an open, unreferenced timer and server': {
    source: "enter(); setInterval(() => {}, 1000).unref(); require('node:net').createServer().listen(0).unref();",
    ended: 0,
  },
  'the loop ends with a worker that is still there, unreferenced': {
    source:
      "enter(); const w = new (require('node:worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true }); w.once('online', () => w.unref());",
    ended: 0,
  },
};

const explicit: Record<string, Way> = {
  'process.exit() at once': { source: 'enter(); process.exit();', ended: 0 },
  'process.exit(0..255)': {
    source: 'enter(); process.exit(Number(process.env.CODE));',
    ended: 200,
    options: { env: { CODE: '200' } },
  },
  'process.exit with exitCode set': { source: 'enter(); process.exitCode = 6; process.exit();', ended: 6 },
  'process.exit in a timer': { source: `enter(); ${listeners} setTimeout(() => process.exit(11), 5);`, ended: 11 },
  'process.exit in a promise': { source: `enter(); Promise.resolve().then(() => process.exit(12));`, ended: 12 },
  'process.exit in an fs callback': {
    source: "enter(); require('node:fs').stat('/', () => process.exit(13));",
    ended: 13,
  },
  'process.exit, listener sets exitCode': {
    source: "enter(); process.on('exit', () => { process.exitCode = 14; }); process.exit(1);",
    ended: 14,
  },
  'process.exit, listener throws': {
    source: "enter(); process.on('exit', () => { throw new Error('late'); }); process.exit(0);",
  },
  'process.exit in process.exit': {
    source: "enter(); process.on('exit', (c) => process.exit(c + 1)); process.exit(1);",
    ended: 2,
  },
  'process.reallyExit': { source: `enter(); ${listeners} process.reallyExit(15);`, ended: 15 },
  'process.exit with work in the thread pool': {
    source:
      "enter(); require('node:crypto').pbkdf2('a', 'b', 2e6, 64, 'sha512', () => {}); setTimeout(() => process.exit(16), 5);",
    ended: 16,
  },
  'process.exit right after output': {
    source: "enter(); process.stdout.write('x'.repeat(10_000)); process.exit(3);",
    ended: 3,
  },
};

const errors: Record<string, Way> = {
  'an uncaught exception': { source: `enter(); ${listeners} throw new Error('nobody catches this');`, ended: 1 },
  'an uncaught exception in a timer': {
    source: "enter(); setTimeout(() => { throw new TypeError('later'); }, 5);",
    ended: 1,
  },
  'something thrown that is no error': { source: "enter(); throw 'a string';", ended: 1 },
  'null thrown': { source: 'enter(); throw null;', ended: 1 },
  'an error with a cause and properties': {
    source: "enter(); throw Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'E_X' });",
    ended: 1,
  },
  'uncaught, exitCode set by a listener': {
    source: "enter(); process.on('exit', () => { process.exitCode = 33; }); throw new Error('x');",
  },
  'uncaughtException handled': {
    source: "enter(); process.on('uncaughtException', (e) => console.log('caught', e.message)); throw new Error('x');",
    ended: 0,
  },
  'an exception in the uncaughtException handler': {
    source: "enter(); process.on('uncaughtException', () => { throw new Error('second'); }); throw new Error('first');",
    ended: 7,
  },
  'process.exit in the uncaughtException handler': {
    source: "enter(); process.on('uncaughtException', () => process.exit(44)); throw new Error('first');",
    ended: 44,
  },
  uncaughtExceptionMonitor: {
    source:
      "enter(); process.on('uncaughtExceptionMonitor', (e) => console.log('seen', e.message)); throw new Error('x');",
    ended: 1,
  },
  'an unhandled rejection': {
    source: `enter(); ${listeners} Promise.reject(new Error('nobody handles this'));`,
    ended: 1,
  },
  'an unhandled rejection without an error': { source: "enter(); Promise.reject('a string');", ended: 1 },
  'unhandledRejection handled': {
    source:
      "enter(); process.on('unhandledRejection', (e) => console.log('handled', e.message)); Promise.reject(new Error('x'));",
    ended: 0,
  },
  'an unhandled rejection, only warned of': {
    source: "enter(); Promise.reject(new Error('x'));",
    ended: 0,
    options: { nodeArguments: ['--unhandled-rejections=warn'] },
  },
  'a warning and a deprecation': {
    source: "enter(); process.emitWarning('careful'); process.emitWarning('old', 'DeprecationWarning', 'DEP9');",
    ended: 0,
  },
  'a syntax error in a required module': {
    source: "enter(); require('node:vm').runInThisContext('let let = 1', 'broken.js');",
    ended: 1,
  },
  // With a listener: how much of Node's own shows in the stack of one that nobody listens to is a matter of luck in plain node.
  'an error in a worker': {
    source: `enter(); const worker = new (require('node:worker_threads').Worker)('throw new Error("inside")', { eval: true });
      worker.on('error', (error) => { console.log(error.message); process.exitCode = 5; });`,
    ended: 5,
  },
  'process.abort': { source: `enter(); process.abort();`, ended: 'SIGABRT' },
};

const modules: Record<string, Way> = {
  'an unsettled top-level await': { source: 'enter(); await new Promise(() => {});', ended: 13 },
  'an unsettled top-level await, exitCode set': {
    source: 'enter(); process.exitCode = 3; await new Promise(() => {});',
  },
  'an unsettled top-level await, seen by a listener': {
    source: `enter(); ${listeners} await new Promise(() => {});`,
    ended: 13,
  },
  'an unsettled top-level await, exitCode set by a listener': {
    source: `enter(); process.on('exit', () => { process.exitCode = 5; }); await new Promise(() => {});`,
  },
  'a settled top-level await': { source: 'enter(); await 1; process.exitCode = 4;', ended: 4 },
  'a throw after an await': { source: "enter(); await 1; throw new Error('after');", ended: 1 },
  'an import that fails': { source: "enter(); await import('./not-there.mjs');", ended: 1 },
};

/** As signal-exit does: wraps process.emit and has a last word once all listeners ran. */
function patchedEmit(code: number): string {
  return `const emit = process.emit; process.emit = function (name, ...rest) {
    const result = emit.call(this, name, ...rest);
    if (name === 'exit') process.exitCode = ${code};
    return result;
  };`;
}

function same(ways: Record<string, Way>, kind: 'cjs' | 'mjs' = 'cjs'): void {
  for (const [name, { source, ended, options }] of Object.entries(ways)) {
    test(name, async () => {
      const { plain, forked } = await checks.both(source, { kind, ...options });
      expect(forked).toEqual(plain);
      if (ended !== undefined) expect(forked.ended).toBe(ended);
    });
  }
}

describe('what Node writes at the end', () => {
  const ends = { 'a natural end': '', 'process.exit': 'process.exit(3);', 'an error': "throw new Error('x');" };
  test.each(Object.entries(ends))('coverage: %s', async (_name, end) => {
    const coverage = mkdtempSync(join(checks.directory, 'coverage-'));
    await checks.forked(`enter(); function covered() {} covered(); ${end}`, { env: { NODE_V8_COVERAGE: coverage } });
    const files = readdirSync(coverage).map((name) => readFileSync(join(coverage, name), 'utf8'));
    expect(files.filter((text) => text.includes('"covered"'))).toHaveLength(1);
  });
});

describe('a natural end', () => same(natural));
describe('process.exit', () => same(explicit));
describe('errors', () => same(errors));
describe('modules', () => same(modules, 'mjs'));
