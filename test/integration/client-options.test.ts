/** What the client makes of its command line. */
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT, ROOT } from '../support/paths.js';
import { expectFailure, V1Script } from '../support/v1-server.js';
import { workspace } from '../support/workspace.js';

const BAD: [what: string, args: string[], ...says: (string | RegExp)[]][] = [
  ['nothing', [], /interpreter|mediation|-U/],
  ['no mediation', ['sh', 'script'], '-U'],
  ['an unknown option', ['-U', '-x', 'sh', 'script'], '-x'],
  ['an unknown long option', ['-U', '--fresh', 'sh', 'script'], '--fresh'],
  ['-g without its value', ['-U', '-g'], '-g'],
  ['-G without its value', ['-U', '-G'], '-G'],
  ['-E without its value', ['-U', '-E'], '-E'],
  ['no interpreter', ['-U'], /interpreter/],
  ['no interpreter in a combined form', ['-U,', 'script'], /interpreter/],
  ['an empty -g', ['-U', '-g', '', 'sh', 'script'], /-g|ident/i],
  ['a -g with a slash', ['-U', '-g', '../x', 'sh', 'script'], '../x'],
  ['a -g that is too long for a socket', ['-U', '-g', 'x'.repeat(108), 'sh', 'script'], 'xxxxxxxx'],
  ['an interpreter that is not there', ['-U', 'no-such-interpreter', 'script'], 'no-such-interpreter', /No such file/],
  ['an interpreter that is a directory', ['-U', '/', 'script'], /interpreter \/:/, /Permission denied/],
  ['an interpreter that may not be executed', ['-U', './plain', 'script'], './plain', /Permission denied/],
  ['an interpreter with an empty name', ['-U', '', 'script'], /interpreter/],
  ['an interpreter whose path is too long', ['-U', `/${'x'.repeat(5000)}`, 'script'], /too long/],
  ['an interpreter with a line feed in its name', ['-U', 'no\nsuch', 'script'], 'no?such', /No such file/],
  ['a very long unknown option', ['-U', `--${'x'.repeat(5000)}`, 'sh', 'script'], /xxx\.\.\.; see/],
];

test.each(BAD)('%s: one line, 127, nothing left behind', async (_, args, ...says) => {
  const w = workspace();
  w.write('plain', '');
  expectFailure(await w.run(CLIENT, args), ...says);
  expect(w.rendezvous()).toEqual([]);
  expect(w.processes()).toEqual([]);
});

test('--help prints all three usages on standard output, also in a combined form', async () => {
  const w = workspace();
  for (const args of [['--help'], ['-U', '--help'], ['-U,--help,perl', 'x']]) {
    const outcome = await w.run(CLIENT, args);
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout.match(/INTERPRETER +\[?SCRIPT|INTERPRETER' +SCRIPT/g)).toHaveLength(3);
    for (const option of ['-U', '-L', '-f', '--kill', '-E', '-G', '-g', '--strict', '--direct-on-tty'])
      expect(outcome.stdout).toContain(`  ${option} `);
  }
});

test('--version prints the version of the package, and the C library', async () => {
  const w = workspace();
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const outcome = await w.run(CLIENT, ['--version']);
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  const [, printed, library] = /^prefork-interp (\S+) \((musl|glibc-static|dynamic)\)\n$/.exec(outcome.stdout) ?? [];
  expect(printed).toBe(version);
  // Only a program that needs a dynamic linker names one (PT_INTERP, elf(5)).
  expect(library === 'dynamic').toBe(readFileSync(CLIENT).includes('/ld-'));
});

test('--help that cannot be written is an error', async () => {
  const w = workspace();
  const { status, stderr } = await w.shell('"$1" --help >/dev/full', [CLIENT]);
  expect(stderr).toBe('prefork-interp: cannot write to standard output: No space left on device\n');
  expect(status).toBe(127);
});

test.each([
  ['apart', ['-U', '-G', 'a b,c']],
  ['combined with commas', ['-U,-G,a']],
  ['combined with spaces', ['-U -G a']],
])('options %s: the call gets interpreter, script and its arguments', async (_, options) => {
  const w = workspace();
  const s = new V1Script(w);
  const words =
    options.length === 1
      ? [`${options[0]}${options[0]?.includes(',') ? ',' : ' '}${s.interpreter}`]
      : [...options, s.interpreter];
  for (const call of ['first', 'warm']) {
    const { stdout } = await w.run(CLIENT, [...words, s.script, 'args', '', 'ä\n', '-U']);
    expect(stdout.split('\0'), call).toEqual([s.interpreter, s.script, 'args', '', 'ä\n', '-U', '']);
  }
  expect(s.setups()).toBe(1);
});

test('a #! line with a combined form passes interpreter arguments to setup, and not to the call', async () => {
  const w = workspace();
  const path = w.write('tell', `#!${CLIENT} -U,sh,-u,-f\nprintf '%s ' "$-" "$0" "$@" >&2\nexit 5\n`);
  chmodSync(path, 0o755);
  const { status, stderr } = await w.run('./tell', ['a', 'b']);
  expect(status).toBe(5);
  const [flags, ...words] = stderr.trim().split(' ');
  expect([...(flags ?? '')].sort().join('')).toMatch(/f.*u/);
  expect(words).toEqual(['./tell', 'a', 'b']);
});

test('calls that differ in -G, -E or interpreter arguments have servers of their own; others share', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const kinds: [options: string[], env: NodeJS.ProcessEnv][] = [
    [['-U'], {}],
    [['-U', '-G', 'x'], {}],
    [['-U', '-G', 'y'], {}],
    [['-U', '-E', 'VAR'], {}],
    [['-U', '-E', 'VAR'], { VAR: '' }],
    [['-U', '-E', 'VAR'], { VAR: '1' }],
    [['-U', '-g', 'chosen'], {}],
  ];
  for (let round = 0; round < 2; round++) {
    for (const [options, env] of kinds) {
      expect(await w.run(CLIENT, s.arguments(['exit', '4'], options), { env })).toMatchObject({
        status: 4,
        stderr: '',
      });
    }
    expect(s.setups()).toBe(kinds.length);
  }
  expect(w.rendezvous()).toHaveLength(2 * kinds.length);
  expect(w.rendezvous()).toEqual(expect.arrayContaining(['lchosen', 'schosen']));
});

test('-f starts a server in place of the running one, which goes', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const { pid } = await s.server();
  expect(await w.run(CLIENT, s.arguments(['exit', '3'], ['-U', '-f']))).toMatchObject({ status: 3, stderr: '' });
  expect(s.setups()).toBe(2);
  expect((await s.server()).pid).not.toBe(pid);
  expect(s.setups()).toBe(2);
  await expect.poll(() => w.processes().map((process) => process.pid), { timeout: 20_000 }).not.toContain(pid);
});

test('-f with an interpreter that is not there leaves the running server alone', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const options = ['-U', '-f', '-g', 'shared'];
  expect(await w.run(CLIENT, s.arguments(['exit', '0'], options))).toMatchObject({ status: 0 });
  expectFailure(await w.run(CLIENT, [...options, 'no-such-interpreter', s.script]), 'no-such-interpreter');
  expect(w.rendezvous()).toEqual(['lshared', 'sshared']);
  expect(await w.run(CLIENT, s.arguments(['exit', '6'], ['-U', '-g', 'shared']))).toMatchObject({ status: 6 });
  expect(s.setups()).toBe(1);
});

test('--kill lets the server go and runs nothing; without a server, or a run directory, it says so', async () => {
  const w = workspace();
  const s = new V1Script(w);
  await s.run(['exit', '0']);
  const kill = () => w.run(CLIENT, s.arguments(['args'], ['-U', '--kill']));
  expect(await kill()).toMatchObject({ status: 0, stdout: '', stderr: '' });
  const nothing = { status: 0, stdout: '', stderr: `prefork-interp: no server of ${s.script} to end\n` };
  expect(w.rendezvous()).toEqual([]);
  await w.empty();
  expect(await kill()).toMatchObject(nothing);
  expect(w.rendezvous()).toEqual([]);
  const missing = w.path('missing');
  expect(
    await w.run(CLIENT, s.arguments([], ['-U', '--kill']), { env: { PREFORK_INTERP_RUN_DIR: missing } }),
  ).toMatchObject(nothing);
  expect(s.setups()).toBe(1);
});
