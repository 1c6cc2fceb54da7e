/** Signals: what a call starts with, what its own listeners get, and what the terminal sends. */
import { describe, expect, test } from 'vitest';
import { alive } from '../support/processes.js';
import { until } from '../support/until.js';
import { VERSIONS } from '../support/versions.js';
import { workspace } from '../support/workspace.js';

const PIPES = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };

describe.each(VERSIONS)('%s', (_version, interpreter) => {
  test('a call blocks, ignores and catches what plain node does, whatever the first caller ignored', async () => {
    const w = workspace();
    const script = w.fixture('masks.cjs', { interpreter: interpreter(w) });
    const plain = await w.plain(script);
    // The first caller ignores some, as nohup(1) and background jobs do.
    const first = await w.shell(`trap '' HUP INT QUIT TERM USR2; "$1"`, [script]);
    const second = await w.run(script);
    expect(plain.stdout).toMatch(/SigBlk:\t0{16} /);
    expect(first).toEqual(plain);
    expect(second).toEqual(plain);
  });

  test('listeners that setup installed hear the call’s signals, not the server', async () => {
    const w = workspace();
    const script = w.script(
      'hears.cjs',
      `let heard = 0;
     process.on('SIGUSR2', () => { heard += 1; });
     process.on('SIGTERM', () => { console.log('heard', heard); process.exit(6); });
     process.preforkInterp?.initialisationComplete();
     const alive = setInterval(() => {}, 1e6);
     console.log(process.pid, process.ppid);`,
      { interpreter: interpreter(w) },
    );
    const calls = [w.start(script), w.start(script)];
    const pids = await Promise.all(calls.map(async (call) => Number((await call.line()).split(' ')[0])));
    const [first = 0, second = 0] = pids;
    process.kill(first, 'SIGUSR2');
    process.kill(first, 'SIGTERM');
    expect(await calls[0]?.outcome).toMatchObject({ status: 6, stdout: expect.stringMatching(/\nheard 1\n$/) });
    process.kill(second, 'SIGTERM');
    expect(await calls[1]?.outcome).toMatchObject({ status: 6, stdout: expect.stringMatching(/\nheard 0\n$/) });
  });

  test('a listener that a call installs hears a signal from outside; without one the client ends as the script did', async () => {
    const w = workspace();
    const script = w.script(
      'late.cjs',
      `process.preforkInterp?.initialisationComplete();
     if (process.argv[2]) process.once(process.argv[2], (name, number) => { console.log(name, number); process.exitCode = 3; clearInterval(alive); });
     const alive = setInterval(() => {}, 1e6);
     console.log(process.pid);`,
      { interpreter: interpreter(w) },
    );
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGWINCH'] as const) {
      const call = w.start(script, [signal]);
      process.kill(Number(await call.line()), signal);
      expect((await call.outcome).status, signal).toBe(3);
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
      const call = w.start(script);
      process.kill(Number(await call.line()), signal);
      expect(await call.outcome, signal).toMatchObject({ status: null, signal });
    }
  });

  test('Ctrl-C at a terminal ends the call, its children too, and the script hears of it', async () => {
    const w = workspace();
    const script = w.script(
      'interrupted.cjs',
      `const { writeFileSync } = require('node:fs'); const { spawn } = require('node:child_process');
     process.preforkInterp?.initialisationComplete();
     const child = spawn('sleep', ['1000']);
     process.on('SIGINT', () => { writeFileSync('heard', 'SIGINT'); process.exit(130); });
     console.log('ready', process.pid, child.pid);`,
      { interpreter: interpreter(w) },
    );
    for (const _ of ['first', 'warm']) {
      const terminal = w.start('script', ['-qec', script, '/dev/null'], PIPES);
      const [, executor, child] = (await terminal.says(/ready (\d+) (\d+)\r\n/)).map(Number) as [
        number,
        number,
        number,
      ];
      terminal.write('\x03');
      expect((await terminal.outcome).status, '128 + SIGINT, as script(1) says it').toBe(130);
      await until(
        'the script has written what it heard',
        async () => (await w.run('cat', ['heard'])).stdout === 'SIGINT',
      );
      await until('executor and child have ended', () => !alive(executor) && !alive(child));
      await w.run('rm', ['heard']);
    }
  });

  test('a signal that somebody else ignores or blocks does not reach a child of a call', async () => {
    const w = workspace();
    const script = w.script(
      'child.cjs',
      `process.preforkInterp?.initialisationComplete();
     require('node:child_process').spawnSync('grep', ['-E', '^Sig(Blk|Ign)', '/proc/self/status'], { stdio: 'inherit' });`,
      { interpreter: interpreter(w) },
    );
    const plain = await w.plain(script);
    for (const _ of [1, 2]) expect(await w.shell(`trap '' HUP USR1; "$1"`, [script])).toEqual(plain);
  });
});
