/** The server's options in the `#!` line: they reach it, go before the script's, and part it from a server with others. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import { control, controlJson, listed } from '../support/preforkctl.js';
import { HAS_RELEASED_MODULE } from '../support/released.js';
import { until } from '../support/until.js';
import { VERSIONS } from '../support/versions.js';
import { type Workspace, workspace } from '../support/workspace.js';

const PIPES = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };

/** Says which server it is of, or, run directly, `plain`. */
function script(w: Workspace, options: string, given: object = {}, interpreter = 'node'): string {
  const source = `process.preforkInterp?.initialisationComplete(${JSON.stringify(given)});
    console.log(process.preforkInterp ? process.ppid : 'plain');`;
  return w.script('s.cjs', source, { options, interpreter });
}

test.each(VERSIONS)('%s: an option of the line goes before that of the script', async (_version, interpreter) => {
  const w = workspace();
  const given = { idleTimeoutSeconds: -1, maxMemoryMb: -1 };
  const path = script(w, '-U,--max-memory-mb=1', given, interpreter(w));
  expect(await w.run(path)).toMatchObject({ status: 0, stderr: '' });
  await until('the server goes', () => w.servers().length === 0);
  const { stdout } = await control(w, ['logs']);
  expect(stdout).toMatch(/it has grown to \d+ MB, more than maxMemoryMb/);
});

test('options that the line does not give are the script’s', async () => {
  const w = workspace();
  const path = script(w, '-U,--max-servers=2', { idleTimeoutSeconds: 0.01 });
  expect(await w.run(path)).toMatchObject({ status: 0, stderr: '' });
  await until('the server goes', () => w.servers().length === 0);
  expect((await control(w, ['logs'])).stdout).toContain('nothing was called for 0.01 seconds');
});

test('the idle timeout, in the form with spaces, with an interpreter’s argument behind', async () => {
  const w = workspace();
  const source = 'process.preforkInterp?.initialisationComplete(); process.exit(process.execArgv.length + 4)';
  const path = w.write('s.cjs', source);
  const line = '-U --idle-timeout-seconds=0.5 node --no-warnings';
  const { status, stderr } = await w.run(CLIENT, [line, path]);
  expect({ status, stderr }).toEqual({ status: 5, stderr: '' });
  await until('the server goes', () => w.servers().length === 0);
  expect((await control(w, ['logs'])).stdout).toContain('nothing was called for 0.5 seconds');
});

test('most calls at once', async () => {
  const w = workspace();
  const path = w.fixture('hold.mjs', { options: '-U,--max-servers=1' });
  const first = w.start(path, ['3'], PIPES);
  await first.line();
  const { stdout, stderr, status } = await w.run(path, ['4'], {
    env: { PREFORK_INTERP_START_LIMIT_MS: '50', PREFORK_INTERP_DEBUG: '1' },
  });
  expect({ stderr, status }).toEqual({
    stderr: expect.stringContaining('did not take the call within 50 ms'),
    status: 4,
  });
  expect(stdout).not.toBe('');
  first.endInput();
  expect((await first.outcome).status).toBe(3);
});

test('lines with other options have servers of their own; preforkctl why shows by what', async () => {
  const w = workspace();
  const parents: string[] = [];
  for (const options of ['-U', '-U,--max-servers=8', '-U,--max-servers=9', '-U', '-U,--max-servers=8']) {
    const { stdout, stderr } = await w.run(CLIENT, [...options.split(','), 'node', script(w, '-U')]);
    expect(stderr).toBe('');
    parents.push(stdout);
    await w.run('touch', ['-d', '2020-01-01', w.path('s.cjs')]);
  }
  expect(new Set(parents.slice(0, 3)).size).toBe(3);
  const path = script(w, '-U,--max-servers=8');
  const { identity } = await controlJson<{ identity: object[] }>(w, ['why', path], 3);
  expect(identity).toContainEqual({ name: 'option of the server', value: '--max-servers=8' });
});

test.each([
  ['--max-servers=0', 'must be a whole number, and not 0: that would never serve a call'],
  ['--max-servers=many', 'must be a whole number, and not 0: that would never serve a call'],
  ['--idle-timeout-seconds=5m', 'must be a number of seconds'],
  ['--idle-timeout-seconds=', 'must be a number of seconds'],
  ['--max-errors=-1', 'must be a whole number, 0 or more'],
  ['--max-memory-mb=9999999999', 'must be a number of MB'],
  ['--min-available-mb=0x10', 'must be a number of MB'],
  ['--log-facility=nowhere', /must be empty or one of .*local7/],
])('%s: one line, 127, nothing of the script is run, nothing left behind', async (option, says) => {
  const w = workspace();
  const path = w.script('s.cjs', 'console.error("begins"); process.preforkInterp?.initialisationComplete();', {
    options: `-U,${option}`,
  });
  const { status, stdout, stderr } = await w.run(path);
  expect({ status, stdout }).toEqual({ status: 127, stdout: '' });
  const [line = '', ...more] = stderr.split('\n');
  expect(more).toEqual(['']);
  expect(line.startsWith(`prefork-interp: option ${option} `)).toBe(true);
  expect(line).toMatch(says);
  expect(w.rendezvous()).toEqual([]);
  expect(await listed(w)).toEqual([]);
});

test('run directly, nobody looks at them', async () => {
  const w = workspace();
  const path = script(w, '-U,--max-servers=0');
  expect(await w.run(path, [], { env: { PREFORK_INTERP_BYPASS: '1' } })).toMatchObject({
    status: 0,
    stdout: 'plain\n',
  });
});

test.skipIf(!HAS_RELEASED_MODULE)('the released Perl module passes over them', async () => {
  const w = workspace();
  const path = w.fixture('call.pl', {
    options: '-U,--max-servers=0,--log-facility=nowhere',
    interpreter: '/usr/bin/perl',
  });
  await w.run('touch', ['-d', '2020-01-01', path]);
  const env = { SETUP_LOG: w.path('setups'), SETUP_OPTIONS: '' };
  // Not the exit status, which that module gets wrong at times.
  for (const word of ['first', 'warm'])
    expect(await w.run(path, ['args', word], { env })).toMatchObject({ stdout: `args\0${word}\0`, stderr: '' });
  expect(readFileSync(w.path('setups'), 'utf8')).toMatch(/^setup \d+\n$/);
});
