/** Which calls meet: the name of the rendezvous that a client makes of its circumstances. Nobody serves any of these calls. */
import { chmodSync, copyFileSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMake, inContext } from '../support/in-context.js';
import { CLIENT } from '../support/paths.js';
import { type Workspace, workspace } from '../support/workspace.js';

const SCRIPT = 'script';

/** A workspace whose `node` is one by its name, and a shell by what it does: as setup it fails at once, at an option that it does not know. */
function place(): Workspace {
  const w = workspace();
  mkdirSync(w.path('bin'));
  copyFileSync(realpathSync('/bin/sh'), w.path('bin/node'));
  w.env['PATH'] = `${w.path('bin')}:${w.env['PATH']}`;
  w.write(SCRIPT, 'exit 3\n');
  return w;
}

interface How {
  readonly words?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** A command that runs the client. */
  readonly by?: (command: readonly string[]) => readonly string[];
}

/** The name of the socket for which a call starts a server. */
async function nameOf(w: Workspace, { words = ['-U', 'node', SCRIPT], env, cwd, by }: How = {}): Promise<string> {
  const command = [CLIENT, ...words];
  const [program, ...rest] = by ? by(command) : command;
  const outcome = await w.run(program as string, rest, {
    env: { ...env, PREFORK_INTERP_DEBUG: '1' },
    cwd: cwd ?? w.directory,
  });
  const found = /starting a server on \S*\/(s2?\.?[0-9a-f]+)$/m.exec(outcome.stderr)?.[1];
  if (found === undefined) throw new Error(`no name in ${JSON.stringify(outcome)}`);
  return found;
}

const context =
  (...options: string[]) =>
  (command: readonly string[]) =>
    inContext(options, command);
const shell = (line: string) => (command: readonly string[]) => ['sh', '-c', line, 'sh', ...command];

test('of equal circumstances it is equal, and one of scheme 2', async () => {
  const w = place();
  const name = await nameOf(w);
  expect(name).toMatch(/^s2\.[0-9a-f]{33,64}$/);
  expect(await nameOf(w)).toBe(name);
});

describe('the same server', () => {
  const SAME: [what: string, how: How | ((w: Workspace) => How)][] = [
    ['a soft limit', { by: context('--soft-limit', 'nofile=64') }],
    ['a nice value', { by: context('--nice', '7') }],
    ['the processors', { by: context('--affinity', '0') }],
    ['the umask', { by: shell('umask 077; exec "$@"') }],
    ['ignored and blocked signals', { by: context('--ignore', 'HUP', '--block', 'USR1') }],
    ['a closed standard input', { by: shell('exec "$@" <&-') }],
    ['variables that belong to the call', { env: { FOO: '1', TZ: 'Asia/Tokyo', LANGX: '1', NODE: '1', TERM: 'dumb' } }],
    ['a channel to a parent that is not there', { env: { NODE_CHANNEL_SERIALIZATION_MODE: 'json' } }],
    ['arguments', { words: ['-U', 'node', SCRIPT, 'one', 'two'] }],
    ['strictness', { words: ['-U', '--strict', '--direct-on-tty', 'node', SCRIPT] }],
    ['another PATH by which the same interpreter is found', (w) => ({ env: { PATH: `/nowhere:${w.env['PATH']}` } })],
    ['the script from another directory', (w) => ({ cwd: '/', words: ['-U', 'node', w.path(SCRIPT)] })],
    ['the script by a relative path', (w) => ({ cwd: w.path('bin'), words: ['-U', 'node', `.././bin//../${SCRIPT}`] })],
    ['the script with slashes', (w) => ({ words: ['-U', 'node', `/../${w.directory}/.//${SCRIPT}`] })],
  ];
  test.each(SAME)('%s', async (_, how) => {
    const w = place();
    expect(await nameOf(w, typeof how === 'function' ? how(w) : how)).toBe(await nameOf(w));
  });

  test('the order of the variables', async () => {
    const w = place();
    const set = (first: string, second: string) => shell(`exec env -i ${first} ${second} ${PASSED} "$@"`);
    const PASSED = ['PATH', 'PREFORK_INTERP_RUN_DIR', 'PREFORK_INTERP_DEBUG', 'HOME']
      .map((n) => `${n}="$${n}"`)
      .join(' ');
    const names = [await nameOf(w, { by: set('LANG=C', 'LD_A=b') }), await nameOf(w, { by: set('LD_A=b', 'LANG=C') })];
    expect(names[0]).toBe(names[1]);
    expect(await nameOf(w, { by: set('LANG=C', 'LD_B=b') })).not.toBe(names[0]);
  });

  test('many variables that count, in whatever order', async () => {
    const w = place();
    const env = (numbers: number[]) => Object.fromEntries(numbers.map((n) => [`NODE_${n}`, `${n}`]));
    const numbers = Array.from({ length: 300 }, (_, i) => i);
    const name = await nameOf(w, { env: env(numbers) });
    expect(await nameOf(w, { env: env([...numbers].reverse()) })).toBe(name);
    expect(await nameOf(w, { env: { ...env(numbers), NODE_299: 'other' } })).not.toBe(name);
    expect(await nameOf(w, { env: env(numbers.slice(0, 299)) })).not.toBe(name);
  });

  test('a script by two names has two: no symbolic link is followed', async () => {
    const w = place();
    symlinkSync(w.path(SCRIPT), w.path('link'));
    expect(await nameOf(w, { words: ['-U', 'node', 'link'] })).not.toBe(await nameOf(w));
  });

  test('a working directory that has been removed does not matter to an absolute script', async () => {
    const w = place();
    const words = ['-U', 'node', w.path(SCRIPT)];
    expect(await nameOf(w, { words, by: shell('mkdir gone; cd gone; rmdir ../gone; exec "$@"') })).toBe(
      await nameOf(w),
    );
  });
});

/** Each as options of test/native/in-context. */
const CONTEXTS: string[][] = [
  // 2 000 000 000 is less than most machines' limits; where it is not, the context cannot be made.
  ...['cpu', 'fsize', 'data', 'stack', 'core', 'as'].map((resource) => ['--hard-limit', `${resource}=2000000000`]),
  ['--hard-limit', 'nofile=500'],
  ['--hard-limit', 'nofile=499'],
  ['--no-new-privs'],
  ['--seccomp-allow-all'],
  ['--seccomp-allow-all', '--seccomp-allow-all'],
  ['--drop-capabilities'],
  ['--groups', '4,24'],
  ['--groups', '4'],
  ['--gid', '12345'],
  ...['mount', 'net', 'ipc', 'uts', 'user'].map((kind) => ['--unshare', kind]),
];

describe('a server of its own', () => {
  test('each of the contexts that can be made here, and none like another', async () => {
    const w = place();
    const names = new Map([['none', await nameOf(w)]]);
    // The sanitizers reserve more addresses than that.
    const bearable = CONTEXTS.filter(
      (options) => !CLIENT.includes('/sanitize/') || !/^(as|data)=/.test(options[1] ?? ''),
    );
    const possible = bearable.filter((options) => canMake(...options));
    expect(possible.length).toBeGreaterThan(5);
    for (const options of possible) names.set(options.join(' '), await nameOf(w, { by: context(...options) }));
    expect([...names].filter(([, name], at) => [...names.values()].indexOf(name) !== at)).toEqual([]);
  });

  const DIFFERENT: [what: string, how: How][] = [
    ['-G', { words: ['-U', '-G', 'x', 'node', SCRIPT] }],
    ['-E', { words: ['-U', '-E', 'FOO', 'node', SCRIPT] }],
    ['mediation', { words: ['-L', 'node', SCRIPT] }],
    ['an argument of the interpreter', { words: ['-U,node,--no-warnings', SCRIPT] }],
    ['another script', { words: ['-U', 'node', 'script2'] }],
    ['no script', { words: ['-U', 'node'] }],
    ['another scheduling policy', { by: (command) => ['chrt', '--batch', '0', ...command] }],
    ['another I/O priority', { by: (command) => ['ionice', '-c', '3', ...command] }],
    ...[
      'NODE_OPTIONS=--no-warnings',
      'NODE_ENV=production',
      'NODE_PATH=/x',
      'LD_LIBRARY_PATH=/x',
      'LANG=de_DE',
      'LANGUAGE=de',
      'LC_MESSAGES=C',
      'SSL_CERT_FILE=/x',
      'OPENSSL_CONF=/x',
      'UV_THREADPOOL_SIZE=9',
      'MALLOC_ARENA_MAX=1',
      'GLIBC_TUNABLES=x',
      'GCONV_PATH=/x',
      'ICU_TIMEZONE_FILES_DIR=/x',
      'NODE_EMPTY=',
    ].map((entry): [string, How] => [entry, { env: Object.fromEntries([entry.split('=') as [string, string]]) }]),
  ];
  test('whatever else is part of it', async () => {
    const w = place();
    const names = new Map([['none', await nameOf(w)]]);
    for (const [what, how] of DIFFERENT) names.set(what, await nameOf(w, how));
    expect([...names].filter(([, name], at) => [...names.values()].indexOf(name) !== at)).toEqual([]);
  });

  test('the interpreter: as it is given, and which file it is', async () => {
    const w = place();
    mkdirSync(w.path('other'));
    copyFileSync(w.path('bin/node'), w.path('other/node'));
    symlinkSync(w.path('bin/node'), w.path('bin/nodejs'));
    const names = [
      await nameOf(w),
      await nameOf(w, { words: ['-U', w.path('bin/node'), SCRIPT] }),
      await nameOf(w, { words: ['-U', 'nodejs', SCRIPT] }),
      await nameOf(w, { env: { PATH: `${w.path('other')}:${w.env['PATH']}` } }),
    ];
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^s2\./);
  });

  test('a value of -E', async () => {
    const w = place();
    const words = ['-U', '-E', 'FOO', 'node', SCRIPT];
    const names = [{}, { FOO: '' }, { FOO: '1' }].map((env) => nameOf(w, { words, env }));
    expect(new Set(await Promise.all(names)).size).toBe(3);
  });
});

describe('scheme 1', () => {
  test('for what has no adapter: a script or a link of that name, another program, a client without its package', async () => {
    const w = place();
    const names: string[] = [await nameOf(w, { words: ['-U', 'sh', SCRIPT] })];
    for (const [directory, make] of Object.entries({
      shim: (path: string) => {
        w.write('shim/node', '#!/bin/sh\nexit 9\n');
        chmodSync(path, 0o755);
      },
      link: (path: string) => symlinkSync('/bin/sh', path),
    })) {
      mkdirSync(w.path(directory));
      make(w.path(`${directory}/node`));
      names.push(await nameOf(w, { env: { PATH: `${w.path(directory)}:${w.env['PATH']}` } }));
    }
    const copy = w.path('client');
    copyFileSync(CLIENT, copy);
    names.push(await nameOf(w, { by: ([, ...words]) => [copy, ...words] }));
    for (const name of names) expect(name).toMatch(/^s[0-9a-f]{33,64}$/);
  });

  test('with a name of the caller’s choice the schemes do not meet either', async () => {
    const w = place();
    const named = async (interpreter: string) =>
      /starting a server on (\S+)/.exec(
        (await w.run(CLIENT, ['-U', '-g', 'abc', interpreter, SCRIPT], { env: { PREFORK_INTERP_DEBUG: '1' } })).stderr,
      )?.[1];
    expect(await named('node')).toBe(join(w.runDirectory, 's2.abc'));
    expect(await named('sh')).toBe(join(w.runDirectory, 'sabc'));
  });
});
