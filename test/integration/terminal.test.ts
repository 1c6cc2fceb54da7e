/** The terminal that tests sit at does what a real one does. */
import { describe, expect, test } from 'vitest';
import { alive, processOf } from '../support/processes.js';
import { KEYS, Terminal } from '../support/terminal.js';
import { until } from '../support/until.js';
import { workspace } from '../support/workspace.js';

describe.each(['bash', 'dash'] as const)('%s', (shell) => {
  test('commands are run, and what they show is there, one after the other', async () => {
    const terminal = await Terminal.open(workspace(), { shell });
    expect(await terminal.command('echo hello')).toBe('hello\n');
    expect(await terminal.command('true; printf "\\033[1mbold\\033[0m"')).toBe('bold');
    expect(await terminal.command('sh -c "exit 3"; echo $?')).toBe('3\n');
    expect(await terminal.exit(7)).toBe(7);
  });

  test('it is a terminal, of the size asked for and then of another', async () => {
    const terminal = await Terminal.open(workspace(), { shell, columns: 100, rows: 30 });
    expect(await terminal.command('tty | cut -c 1-9; stty size')).toBe('/dev/pts/\n30 100\n');
    await terminal.start(`sh -c 'trap "stty size; exit" WINCH; echo waiting; while :; do read line; done'`);
    await terminal.shows('waiting\n');
    terminal.resize(132, 43);
    expect(await terminal.prompt()).toBe('43 132\n');
    terminal.resize(80, 25);
    expect(await terminal.command('stty size')).toBe('25 80\n');
  });

  test('jobs are stopped and continued, and keys are signals', async () => {
    const terminal = await Terminal.open(workspace(), { shell });
    await terminal.start('cat');
    terminal.type('to and fro\r');
    await terminal.shows('to and fro\nto and fro\n');
    terminal.type(KEYS.suspend);
    expect(await terminal.prompt()).toMatch(/Stopped/);
    const pid = Number((await terminal.command('jobs -p')).match(/\d+/)?.[0]);
    expect(processOf(pid)).toMatchObject({ state: 'T', group: pid });
    await terminal.start('fg');
    await until('cat goes on', () => processOf(pid)?.state === 'S');
    terminal.type('again\r');
    await terminal.shows('again\nagain\n');
    terminal.type(KEYS.interrupt);
    await terminal.prompt();
    expect(alive(pid)).toBe(false);
    expect(await terminal.command('echo $?')).toBe('130\n');
  });

  test('jobs in the background have groups of their own', async () => {
    const terminal = await Terminal.open(workspace(), { shell });
    await terminal.command('sleep 1000 & sleep 1000 &');
    const pids = (await terminal.command('jobs -p')).trim().split('\n').map(Number);
    expect(pids.map((pid) => processOf(pid)?.group)).toEqual(pids);
    expect(await terminal.exit()).toBe(0);
    // As everywhere, they outlive their shell: it is for the test to end them.
    for (const pid of pids) process.kill(pid, 'SIGTERM');
  });
});

test('hanging up ends what runs in the foreground', async () => {
  const terminal = await Terminal.open(workspace());
  await terminal.start(`sh -c 'echo $$; exec sleep 1000'`);
  await terminal.shows(/\d+\n/);
  const pid = Number(terminal.text.match(/(\d+)\n$/)?.[1]);
  expect(alive(pid)).toBe(true);
  await terminal.hangUp();
  await until('it has ended', () => !alive(pid));
});

test('what never comes is an error that says what came instead', async () => {
  const terminal = await Terminal.open(workspace());
  await terminal.start('echo something else; exit');
  await expect(terminal.shows('never')).rejects.toThrow(/ended.*something else/);
});

test('a lot of output', async () => {
  const terminal = await Terminal.open(workspace());
  expect((await terminal.command('seq 1 20000')).split('\n').length).toBe(20_001);
});

test('a lot that is typed while nobody reads', async () => {
  const w = workspace();
  const terminal = await Terminal.open(w);
  await terminal.command('mkfifo go');
  await terminal.start(`sh -c ': < go; exec cat' > typed`);
  // More than fits into all the queues on the way.
  for (let line = 0; line < 30_000; line++) terminal.type(`line ${line}\r`);
  terminal.type(KEYS.end);
  await terminal.shows('line 100\n');
  await w.shell(': > go');
  await terminal.prompt();
  expect(await terminal.command('wc -l typed; tail -n 1 typed')).toBe('30000 typed\nline 29999\n');
});
