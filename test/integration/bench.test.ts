/** The bench's runner, which times commands, and a run of the bench itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { program } from '../bench/programs.js';
import { parseBatch } from '../bench/runner.js';
import { ROOT } from '../support/paths.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

let w: Workspace;
beforeEach(() => {
  w = workspace();
});

interface Numbers {
  readonly calls?: number;
  readonly restUs?: number;
  readonly callers?: number;
  readonly limitS?: number;
}

/** Has the runner time a line of shell. */
const words = (line: string, { calls = 3, restUs = 0, callers = 1, limitS = 20 }: Numbers = {}) => [
  ...[calls, restUs, callers, limitS].map(String),
  '/bin/sh',
  '-c',
  line,
];
const time = (line: string, numbers?: Numbers) => w.run(program('runner'), words(line, numbers));

describe('the runner', () => {
  test('times each call, and says with what status they end', async () => {
    const { status, bytes } = await time('echo said; echo also >&2; exit 3', { calls: 4 });
    expect(status).toBe(0);
    const batch = parseBatch(bytes);
    expect(batch).toMatchObject({ status: 3 << 8, calls: 4 });
    expect(bytes.toString()).toContain('\nsaid\nalso\n');
    expect(batch.timesNs.every((ns) => ns > 10_000)).toBe(true);
    expect(batch.elapsedNs).toBeGreaterThanOrEqual(batch.timesNs.reduce((sum, ns) => sum + ns));
  });

  test('rests before each call, which is no part of its time', async () => {
    const { elapsedNs, timesNs } = parseBatch((await time(':', { calls: 2, restUs: 200_000 })).bytes);
    expect(elapsedNs - timesNs.reduce((sum, ns) => sum + ns)).toBeGreaterThanOrEqual(400_000_000);
  });

  test('has so many callers at once', async () => {
    // Each waits until there are three.
    const line = `mkdir $$; until [ $(ls | wc -l) -ge 3 ]; do :; done`;
    const { status, bytes } = await w.run(program('runner'), words(line, { callers: 3 }), { cwd: w.runDirectory });
    expect(status).toBe(0);
    expect(parseBatch(bytes).calls).toBe(3);
  });

  test.each([
    ['the exit status is not the same each time', 'mkdir once'],
    ['the output is not the same each time', 'echo $$'],
    ['the output is not the same each time', 'mkdir once 2> /dev/null && echo once; exit 0'],
  ])('fails because %s: %s', async (why, line) => {
    expect(await time(line)).toMatchObject({ status: 123, stdout: '', stderr: expect.stringContaining(why) });
  });

  test('names a program that cannot be started', async () => {
    const outcome = await w.run(program('runner'), ['1', '0', '1', '5', '/no/such/program']);
    expect(outcome).toMatchObject({ status: 122, stderr: expect.stringContaining('/no/such/program: No such file') });
  });

  test('kills what does not end within the limit', async () => {
    const { status, stderr } = await time('exec sleep 60', { limitS: 1 });
    expect({ status, stderr }).toEqual({ status: 124, stderr: 'runner: the calls did not end within the limit\n' });
  });

  test('kills its calls when it is told to end', async () => {
    const running = w.start(program('runner'), words('exec sleep 60', { callers: 2 }));
    const sleeping = () => w.processes().filter(({ commandLine }) => commandLine === 'sleep 60').length;
    await until('both calls have begun', () => sleeping() === 2);
    running.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ status: 124 });
    await until('no call is left', () => sleeping() === 0);
  });
});

describe('npm run bench', () => {
  const bench = (...args: string[]) =>
    w.run(process.execPath, [join(ROOT, 'scripts/bench.mjs'), ...args, '--out', w.path('out')], {
      env: { TMPDIR: w.directory },
    });

  test('measures what is asked for, writes figures and chart, and leaves nothing', async () => {
    const { status, stdout, stderr } = await bench('--rounds', '1', '--only', 'empty', '--only', 'node-warm');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^warm trivial Node script +rested +[\d.]+/m);
    expect(stdout).toMatch(/^p99 \/ median, one call after the other +4 +not measured$/m);
    const { measured, limits } = JSON.parse(readFileSync(w.path('out/bench.json'), 'utf8'));
    expect(measured.map(({ name, mode }: Record<string, string>) => `${name}, ${mode}`)).toEqual([
      'empty, back to back',
      'empty, rested',
      'node-warm, back to back',
      'node-warm, rested',
    ]);
    expect(limits.filter(({ value }: { value?: number }) => value !== undefined)).toHaveLength(1);
    expect(readFileSync(w.path('out/chart.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(readdirSync(w.directory).filter((name) => name.startsWith('pfb-'))).toEqual([]);
  });

  test('does not know a name that is none', async () => {
    const outcome = await bench('--only', 'nonsense');
    expect(outcome).toMatchObject({ status: 1, stderr: 'bench: nothing is called nonsense\n' });
    expect(existsSync(w.path('out'))).toBe(false);
  });

  test('says how it is used', async () => {
    expect(await bench('--nonsense')).toMatchObject({ status: 2, stderr: expect.stringContaining('usage: ') });
  });
});
