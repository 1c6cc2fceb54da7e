/**
 * Both clients make the same name of a call's options, interpreter, script, directory and environment, and so share servers.
 *
 * Neither gets further than to the connect(2), which is made to fail with an error that is not "no server": no server is made or started. Ours
 * then runs the script directly, if there is one.
 *
 * That is about version 1, which ours speaks for every interpreter for which it has no adapter.
 */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENTS, type ClientName, HAS_RELEASED_CLIENT, SharedHome } from '../support/released.js';
import { HAS_STRACE } from '../support/strace.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** The path that a client would connect to. */
async function nameOf(
  home: SharedHome,
  client: ClientName,
  words: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
) {
  const trace = home.workspace.path(`trace-${client}`);
  const options = ['-qq', '-o', trace, '-s', '4096', '-e', 'trace=connect', '-e', 'inject=connect:error=EACCES'];
  const outcome = await home.run(['strace', ...options, CLIENTS[client], ...words], { cwd, env });
  if (client === 'released') expect(outcome.stderr, words.join(' ')).toMatch(/Permission denied/);
  const paths = [...readFileSync(trace, 'latin1').matchAll(/sun_path="([^"]*)"/g)].map(([, path]) => path as string);
  // The released client also asks a name service daemon for the user's home.
  return paths.filter((path) => !path.endsWith('/nscd/socket'));
}

const OPTIONS: [options: string[], env?: NodeJS.ProcessEnv][] = [
  [['-U']],
  [['-U', '-G', '']],
  [['-U', '-G', 'x']],
  [['-U', '-G', 'x', '-G', 'y']],
  [['-U', '-G', 'y', '-G', 'x']],
  [['-U', '-Gjoined']],
  [['-G', 'before', '-U']],
  [['-U', '-E', 'VAR']],
  [['-U', '-E', 'VAR'], { VAR: '' }],
  [['-U', '-E', 'VAR'], { VAR: 'value' }],
  [['-U', '-E', 'VAR', '-G', 'x', '-E', 'OTHER'], { VAR: '1', OTHER: '2' }],
  [['-U', '-E', '']],
  [['-U', '-G', '\xe4\n\x7f']],
  [['-U', '-g', 'chosen']],
  [['-U', '-g', 'chosen', '-G', 'x']],
  [['-U', '-g', `long${'x'.repeat(40)}`]],
];
/** The last three are links to perl: ours looks for an interpreter before anything else. */
const INTERPRETERS = ['perl', '/usr/bin/perl', 'sh', './perl', './with space', './node'];
const SCRIPTS = [['script'], ['./script'], ['/tmp/script', 'argument', '-U'], ['', 'x'], []];
/** Values are joined to their options: the released client reads no `-G,x` in a combined form. */
const COMBINED: string[][] = [
  ['-U,perl', 'script'],
  ['-U,-Gx,perl', 'script', 'argument'],
  ['-U,-EVAR,perl', 'script'],
  ['-U perl', 'script'],
  ['-U -Gx -Gy perl', 'script'],
  ['-U,-gchosen,perl', 'script'],
];

describe.skipIf(!HAS_RELEASED_CLIENT || !HAS_STRACE)('names (needs chiark-utils-bin and strace)', () => {
  /** Where a call is made from, each with its own working directory. */
  function places(w: Workspace): string[] {
    mkdirSync(w.path('one'));
    mkdirSync(w.path('two'));
    symlinkSync(w.path('one'), w.path('link'));
    return ['/', w.path('one'), w.path('two'), w.path('link')];
  }

  async function expectSame(
    home: SharedHome,
    words: string[],
    cwd: string,
    env: NodeJS.ProcessEnv = {},
  ): Promise<string> {
    const [ours, released] = await Promise.all([
      nameOf(home, 'ours', words, cwd, env),
      nameOf(home, 'released', words, cwd, env),
    ]);
    expect(ours, JSON.stringify({ words, cwd, env })).toEqual(released);
    expect(ours).toHaveLength(1);
    return ours[0] as string;
  }

  test('every set of options', async () => {
    const w = workspace();
    const home = new SharedHome(w);
    const names = new Set<string>();
    for (const [options, env] of OPTIONS)
      names.add(await expectSame(home, [...options, 'perl', 'script'], w.directory, env));
    // An ident of one's own leaves the rest out.
    expect(names.size).toBe(OPTIONS.length - 1);
  });

  test('every interpreter with every script', async () => {
    const w = workspace();
    const home = new SharedHome(w);
    const names = new Set<string>();
    for (const link of ['perl', 'with space', 'node']) symlinkSync('/usr/bin/perl', w.path(link));
    for (const interpreter of INTERPRETERS) {
      for (const script of SCRIPTS) names.add(await expectSame(home, ['-U', interpreter, ...script], w.directory));
    }
    expect(names.size).toBe(INTERPRETERS.length * SCRIPTS.length);
  });

  test('every combined form', async () => {
    const w = workspace();
    const home = new SharedHome(w);
    for (const words of COMBINED) await expectSame(home, words, w.directory, { VAR: 'v' });
  });

  test('every directory; a link to one is the one', async () => {
    const w = workspace();
    const home = new SharedHome(w);
    const names: string[] = [];
    for (const place of places(w)) names.push(await expectSame(home, ['-U', 'perl', 'script'], place));
    expect(new Set(names).size).toBe(3);
    expect(names[1]).toBe(names[3]);
  });

  test('the two never agree by accident: one letter makes another name', async () => {
    const w = workspace();
    const home = new SharedHome(w);
    const [name] = await nameOf(home, 'ours', ['-U', 'perl', 'script'], w.directory, {});
    const [other] = await nameOf(home, 'released', ['-U', 'perl', 'scripT'], w.directory, {});
    expect(name).not.toBe(other);
    expect(name?.length).toBe(other?.length);
    expect(join(name as string, '..')).toBe(join(other as string, '..'));
  });
});
