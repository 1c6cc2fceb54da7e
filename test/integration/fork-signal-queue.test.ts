/** How a server hears of its executors: SIGCHLD read from a queue, and how a child has changed. And that an executor has nothing of it. */
import { constants } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { ForkChecks, type Outcome } from '../support/fork-check.js';

const checks = new ForkChecks();
afterAll(() => checks.remove());

const { SIGCHLD, SIGSTOP, SIGCONT, SIGTSTP, SIGUSR2, SIGHUP } = constants.signals;

/**
 * What the sources share. They run in a process that was forked, as a server is: in one that Node has started, Node's own
 * threads, which block nothing but SIGUSR1, would take signals away. `changed` waits for the next SIGCHLD, with a limit, and takes it. */
const PRELUDE = `const { native } = globalThis; const { readFileSync, readdirSync } = require('node:fs');
  const ready = (fd) => native.poll(Int32Array.of(fd, native.POLLIN, 0), 10_000) === 1;
  const changed = (queue) => { if (!ready(queue)) throw new Error('no signal came'); return native.readSignals(queue); };
  const told = (pid) => JSON.stringify(native.waitChange(pid));
  const blocks = (signal, task) => (BigInt('0x' + /SigBlk:\\s*(\\w+)/.exec(readFileSync(task + '/status', 'utf8'))[1]) >> BigInt(signal - 1) & 1n) === 1n;
  const tasks = () => readdirSync('/proc/self/task').map((tid) => ({ task: '/proc/self/task/' + tid, name: readFileSync('/proc/self/task/' + tid + '/comm', 'utf8').trim() }));
  const server = native.fork();
  if (server > 0) { const { status } = native.wait(server, false); native.exitNow(status === 0 ? 0 : 1); }
`;

async function lines(source: string): Promise<string[]> {
  const { ended, stdout, stderr } = await checks.forked(`${PRELUDE}${source}\nnative.exitNow(0);`);
  expect({ ended, stderr }).toEqual({ ended: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

describe('the queue', () => {
  test('has what was blocked, once, and nothing else', async () => {
    expect(
      await lines(`native.blockSignals([${SIGUSR2}]); native.blockSignals([${SIGHUP}, ${SIGCHLD}]);
      const queue = native.openSignals([${SIGUSR2}, ${SIGHUP}]);
      console.log(JSON.stringify(native.readSignals(queue)), native.poll(Int32Array.of(queue, native.POLLIN, 0), 0));
      for (const signal of [${SIGUSR2}, ${SIGHUP}, ${SIGUSR2}, ${SIGCHLD}]) native.sendSignal(native.processId(), signal);
      console.log(native.poll(Int32Array.of(queue, native.POLLIN, 0), 0), native.readSignals(queue).sort().join(), native.readSignals(queue).length);
      console.log(/flags:\\s*(\\d+)/.exec(readFileSync('/proc/self/fdinfo/' + queue, 'utf8'))[1]);`),
      // O_RDWR, O_NONBLOCK, O_CLOEXEC.
    ).toEqual(['[] 0', `1 ${[SIGHUP, SIGUSR2].sort().join()} 0`, '02004002']);
  });

  test('is one of the process that reads it: a child does not see what its parent has', async () => {
    expect(
      await lines(`native.blockSignals([${SIGUSR2}]); const queue = native.openSignals([${SIGUSR2}]);
      native.sendSignal(native.processId(), ${SIGUSR2});
      const child = native.fork();
      if (child === 0) {
        const before = native.readSignals(queue); native.sendSignal(native.processId(), ${SIGUSR2});
        console.log(JSON.stringify([before, native.readSignals(queue)])); native.exitNow(0);
      }
      native.wait(child, false); console.log(JSON.stringify(native.readSignals(queue)));`),
    ).toEqual([`[[],[${SIGUSR2}]]`, `[${SIGUSR2}]`]);
  });

  test('tells of every end of a child while V8 works on other threads', async () => {
    // A pool thread that did not block SIGCHLD would swallow it, since its default is to be ignored.
    const source = `native.blockSignals([${SIGCHLD}]); const queue = native.openSignals([${SIGCHLD}]);
      const work = () => { for (let i = 0; i < 10; i++) { const f = new Function('x', 'let s = ' + Math.random() + '; for (let i = 0; i < 1e4; i++) s = (s * 31 + x) | 0; return s'); for (let j = 0; j < 20; j++) f(j); } };
      let heard = 0;
      for (let i = 0; i < 10; i++) {
        work(); const pid = native.fork(); if (pid === 0) native.exitNow(0);
        work(); if (changed(queue).join() === '${SIGCHLD}') heard++; native.wait(pid, false);
      }
      console.log(heard, tasks().some(({ name }) => name === 'prefork-worker'), tasks().every(({ task }) => blocks(${SIGCHLD}, task)));`;
    expect(await lines(source)).toEqual(['10 true true']);
  });
});

describe('how a child has changed', () => {
  test('stopped, gone on, each told once', async () => {
    const source = `native.blockSignals([${SIGCHLD}]); const queue = native.openSignals([${SIGCHLD}]);
      const child = native.fork();
      if (child === 0) { native.resetSignals(); native.poll(new Int32Array(0), 20_000); native.exitNow(0); }
      // A group whose leader's parent is of the same session: SIGTSTP does nothing to an orphaned one (kernel/signal.c).
      native.setProcessGroup(child, 0);
      const out = [told(child)];
      for (const signal of [${SIGSTOP}, ${SIGCONT}, ${SIGTSTP}, ${SIGCONT}]) {
        native.sendSignal(child, signal); changed(queue); out.push(told(child), told(child));
      }
      native.sendSignal(child, 9); changed(queue);
      // An end is no change, and stays for wait().
      out.push(told(child), native.wait(child, true).status);
      console.log(out.join(' '));`;
    const stopped = (signal: number) => `{"kind":"stopped","signal":${signal}} null`;
    const continued = '{"kind":"continued"} null';
    expect(await lines(source)).toEqual([
      ['null', stopped(SIGSTOP), continued, stopped(SIGTSTP), continued, 'null', '9'].join(' '),
    ]);
  });

  test('is no question about a process that is no child, or no more', async () => {
    const source = `const code = (pid) => { try { native.waitChange(pid); } catch (error) { return error.code + ' ' + error.message; } };
      const child = native.fork(); if (child === 0) native.exitNow(0);
      native.wait(child, false); console.log(code(child).replace(child, 'PID')); console.log(code(native.processId()).slice(0, 6));`;
    expect(await lines(source)).toEqual(['ECHILD waitid process PID: No child processes (ECHILD)', 'ECHILD']);
  });
});

describe('an executor of a server that blocks SIGCHLD', () => {
  /** The server blocks, the executor that enter() makes of this process undoes it. */
  const asExecutor = `globalThis.native?.blockSignals([${SIGCHLD}, ${SIGUSR2}]); enter(); globalThis.native?.resetSignals();`;

  test('blocks nothing after resetSignals, nor do the threads that libuv makes; those of the pool are for no signals', async () => {
    const source = `${PRELUDE.split('const server')[0]}${asExecutor}
      require('node:fs').stat('/', () => {
        const blocking = tasks().filter(({ task }) => blocks(${SIGCHLD}, task)).map(({ name }) => name);
        console.log(tasks().length > 1 + blocking.length, [...new Set(blocking)].join(), /SigBlk:\\s*(\\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
      });`;
    const { stdout, stderr } = await checks.forked(source);
    expect({ stdout: stdout.replace('prefork-worker', ''), stderr }).toEqual({
      stdout: 'true  0000000000000000\n',
      stderr: '',
    });
  });

  test('starts programs that block nothing, and hears of their ends', async () => {
    const source = `${asExecutor} const { execFile, spawn } = require('node:child_process');
      execFile('grep', ['SigBlk', '/proc/self/status'], (error, stdout) => console.log(error, stdout));
      spawn('sh', ['-c', 'kill -TERM $$']).on('exit', (code, signal) => console.log(code, signal));`;
    const { plain, forked } = await checks.both(source);
    const sorted = ({ stdout, ...rest }: Outcome) => ({ ...rest, stdout: stdout.split('\n').sort() });
    expect(sorted(forked)).toEqual(sorted(plain));
    expect(forked.stdout).toContain('SigBlk:\t0000000000000000');
  });
});
