/** Signals in a forked process: what they do by default, handlers from before and after the fork, and what they leave of a terminal or pipe. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addonEnvironment, ForkChecks, node } from '../support/fork-check.js';

const checks = new ForkChecks();
afterAll(() => checks.remove());

/** Those that nothing can be compared for: they stop the process until somebody lets it go on. */
const STOPPING = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'];
/** Plain node starts its debugger at this one, by a thread that a fork does not have: an executor does nothing. */
const DEBUGGING = 'SIGUSR1';

/** Stays until the signal has certainly been delivered. */
const send = (signal: string) => `process.kill(process.pid, '${signal}'); setTimeout(() => console.log('alive'), 50);`;

describe('by default', () => {
  const names = Object.keys(constants.signals).filter((name) => constants.signals[name as NodeJS.Signals] < 32);
  for (const signal of names.filter((name) => !STOPPING.includes(name) && name !== DEBUGGING)) {
    test(signal, async () => {
      const { plain, forked } = await checks.both(`enter(); ${send(signal)}`);
      expect(forked).toEqual(plain);
    });
  }

  test(`${DEBUGGING} does not end it`, async () => {
    expect(await checks.forked(`enter(); ${send(DEBUGGING)}`)).toEqual({ ended: 0, stdout: 'alive\n', stderr: '' });
  });

  test('a stopped executor goes on', async () => {
    const source = `enter(); const { spawn } = require('node:child_process');
      spawn('sh', ['-c', 'sleep 0.1; kill -CONT ' + process.pid], { stdio: 'ignore' }).unref(); ${send('SIGTSTP')}`;
    const { plain, forked } = await checks.both(source);
    expect(forked).toEqual(plain);
    expect(forked.stdout).toBe('alive\n');
  });
});

describe('handlers', () => {
  const handlers: Record<string, string> = {
    'set before the fork': `process.on('SIGTERM', (name) => console.log('got', name)); enter(); ${send('SIGTERM')}`,
    'set after the fork': `enter(); process.on('SIGTERM', (name) => console.log('got', name)); ${send('SIGTERM')}`,
    'set on both sides': `process.on('SIGTERM', () => console.log('first')); enter(); process.on('SIGTERM', () => console.log('second')); ${send('SIGTERM')}`,
    'removed after the fork': `const f = () => {}; process.on('SIGTERM', f); enter(); process.off('SIGTERM', f); ${send('SIGTERM')}`,
    'once, and then the default': `enter(); process.once('SIGINT', () => { console.log('once'); process.kill(process.pid, 'SIGINT'); }); ${send('SIGINT')}`,
    'that exits': `enter(); process.on('SIGHUP', () => process.exit(41)); ${send('SIGHUP')}`,
    'for SIGUSR1 and SIGUSR2': `enter(); for (const s of ['SIGUSR1', 'SIGUSR2']) { process.on(s, () => console.log('got', s)); process.kill(process.pid, s); } setTimeout(() => {}, 50);`,
    'for SIGWINCH and SIGCHLD': `enter(); for (const s of ['SIGWINCH', 'SIGCHLD']) { process.once(s, () => console.log('got', s)); process.kill(process.pid, s); } setTimeout(() => {}, 50);`,
    'for SIGPIPE, which is ignored without': `enter(); process.once('SIGPIPE', () => console.log('pipe')); ${send('SIGPIPE')}`,
  };
  for (const [name, source] of Object.entries(handlers)) {
    test(name, async () => {
      const { plain, forked } = await checks.both(source);
      // Two signals that wait together come in either order.
      const sorted = (text: string) => text.split('\n').sort();
      expect({ ...forked, stdout: sorted(forked.stdout) }).toEqual({ ...plain, stdout: sorted(plain.stdout) });
    });
  }

  test('set aside, a handler does not keep a process from ending; put back, it works', async () => {
    const source = `const { native } = globalThis; process.on('SIGTERM', () => console.log('handled'));
      native.setAsideSignalHandlers();
      enter();
      const child = native.fork();
      if (child === 0) { native.sendSignal(native.processId(), 15); native.exitNow(3); }
      console.log('child', native.wait(child, false).status);
      native.putBackSignalHandlers(); ${send('SIGTERM')}`;
    expect(await checks.forked(source)).toEqual({ ended: 0, stdout: 'child 15\nhandled\nalive\n', stderr: '' });
  });

  test('what was ignored or blocked is not after resetSignals, save what Node ignores', async () => {
    // trap '' makes a program start with the signal ignored; Node puts that right for itself, so it is done again by
    // hand.
    const source = `enter(); const { readFileSync } = require('node:fs'); globalThis.native.resetSignals();
      const status = readFileSync('/proc/self/status', 'utf8');
      console.log(/SigIgn:\\s*(\\w+)/.exec(status)[1], /SigBlk:\\s*(\\w+)/.exec(status)[1]);`;
    const ignored = (1n << BigInt(constants.signals.SIGPIPE - 1)) | (1n << BigInt(constants.signals.SIGXFSZ - 1));
    const { stdout } = await checks.forked(source);
    expect(
      stdout
        .trim()
        .split(' ')
        .map((mask) => BigInt(`0x${mask}`)),
    ).toEqual([ignored, 0n]);
  });
});

describe('what an executor leaves behind', () => {
  /** Each way to the end, from a process that has changed its terminal and made its descriptors non-blocking. */
  const ends: Record<string, string> = {
    'natural end': '',
    'process.exit': 'process.exit(3);',
    'an uncaught exception': "throw new Error('x');",
    SIGTERM: "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 1000);",
    SIGINT: "process.kill(process.pid, 'SIGINT'); setTimeout(() => {}, 1000);",
  };

  for (const [name, end] of Object.entries(ends)) {
    test(`a terminal as the call gave it: ${name}`, () => {
      // The call's terminal is set differently from what it was when setup started: that is what must come back.
      const check = checks.write(`
        const { execFileSync } = require('node:child_process');
        execFileSync('sh', ['-c', 'stty -g > $0/setup; stty -echo; stty -g > $0/call', '${checks.directory}'], { stdio: 'inherit' });
        enter();
        process.stdin.setRawMode(true); process.stdin.unref();
        setTimeout(() => { ${end} process.stdin.destroy(); }, 10);`);
      const command = `${node} --require ${join(__dirname, '../fixtures/fork/enter.cjs')} ${check} 3>/dev/null; stty -g > ${checks.directory}/after`;
      execFileSync('script', ['-qec', command, '/dev/null'], {
        env: {
          PATH: process.env['PATH'],
          FORK_CHECK: 'forked',
          FORK_CHECK_FACADE: checks.facade,
          ...addonEnvironment,
        },
        stdio: 'ignore',
        timeout: 20_000,
      });
      const [setup, call, after] = ['setup', 'call', 'after'].map((at) =>
        readFileSync(join(checks.directory, at), 'utf8'),
      );
      expect(call).not.toBe(setup);
      expect(after).toBe(call);
    });

    test(`pipes that block, as the call gave them: ${name}`, async () => {
      const source = `const { native } = globalThis;
        const pair = native.socketPair(); const { O_NONBLOCK } = require('node:fs').constants;
        // A process between, which has the descriptors in common with the executor and looks at them afterwards.
        const child = native.fork();
        if (child > 0) {
          native.wait(child, false);
          console.log(pair.map((fd) => native.statusFlags(fd) & O_NONBLOCK).join());
          native.exitNow(0);
        }
        native.duplicateTo(pair[0], 0); native.duplicateTo(pair[1], 1);
        enter();
        for (const fd of [0, 1]) native.setStatusFlags(fd, native.statusFlags(fd) | O_NONBLOCK);
        setTimeout(() => { ${end} }, 10);`;
      const { stdout } = await checks.forked(source);
      expect(stdout).toBe('0,0\n');
    });
  }
});
