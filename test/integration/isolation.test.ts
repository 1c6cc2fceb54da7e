/** Who has a server of his own: every caller whose calls another server could not serve as they are. And who shares one. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SERVED } from '../support/compared.js';
import { type ContextReport, differences } from '../support/context-report.js';
import { canMake, inContext } from '../support/in-context.js';
import { isRoot } from '../support/other-user.js';
import { CLIENT, NODE, ROOT } from '../support/paths.js';
import { Workspace, workspace } from '../support/workspace.js';

/** All by one caller: plain node, then two calls. */
const THRICE = 'node "$1" && "$1" && exec "$1"';

/** Each: what it is, and the options of test/native/in-context that make it. */
const CONTEXTS: [what: string, options: string[]][] = [
  ['a lower hard limit of open files', ['--hard-limit', 'nofile=900']],
  ['another such', ['--hard-limit', 'nofile=901']],
  ['a lower hard limit of processor time', ['--hard-limit', 'cpu=86400']],
  // An ordinary user has none anyway.
  ...(isRoot ? [['no capabilities', ['--drop-capabilities']] as [string, string[]]] : []),
  ['other groups', ['--groups', '4,24']],
  ['fewer groups', ['--groups', '4']],
  ['another primary group', ['--gid', '54322']],
  ['no new privileges', ['--no-new-privs']],
  ['a filter of system calls', ['--no-new-privs', '--seccomp-allow-all']],
  ['two filters of system calls', ['--no-new-privs', '--seccomp-allow-all', '--seccomp-allow-all']],
  ['another user namespace', ['--unshare', 'user']],
  ['another mount namespace', ['--unshare', 'mount']],
  ['another network namespace', ['--unshare', 'net']],
  ['another IPC namespace', ['--unshare', 'ipc']],
  ['another UTS namespace', ['--unshare', 'uts']],
  ['another process namespace', ['--unshare', 'mount', '--unshare', 'pid']],
];

describe('a caller of another kind', () => {
  let w: Workspace;
  let script: string;
  /** The servers so far, each with whose it is. */
  const servers = new Map<string, string>();
  /** Plain node's report of such a caller, and a call's. */
  let ordinary: ContextReport[];

  beforeAll(async () => {
    w = new Workspace();
    script = w.fixture('context-report.mjs', SERVED);
    ordinary = await hold('nothing in particular', []);
  });
  afterAll(() => w.takeDown('wait'));

  /** The reports that a line of the shell makes, of which `$1` is the script. */
  async function reports(options: readonly string[], by: readonly string[], line: string): Promise<ContextReport[]> {
    const [program, ...rest] = inContext(options, [...by, 'sh', '-c', line, 'sh', script]);
    const { status, stdout, stderr } = await w.run(program, rest);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ContextReport);
  }

  /** Holds that both calls were right, and had one server, which is nobody else's. */
  async function hold(what: string, options: readonly string[], by: readonly string[] = []): Promise<ContextReport[]> {
    const [plain, first, warm] = (await reports(options, by, THRICE)) as [ContextReport, ContextReport, ContextReport];
    const found = { first: differences(plain, first), warm: differences(plain, warm) };
    expect(found).toEqual({ first: [], warm: [] });
    expect(warm['parent'], 'the two calls have one server').toBe(first['parent']);
    // In another process namespace the numbers begin anew.
    const server = `${first['parent']} ${JSON.stringify(first['namespaces'])}`;
    expect(servers.get(server) ?? what, 'whose server it is').toBe(what);
    servers.set(server, what);
    return [plain, warm];
  }

  /** Whoever else has servers by now: an ordinary caller finds the one that he had. */
  async function holdOrdinary(): Promise<void> {
    const [plain, before] = ordinary as [ContextReport, ContextReport];
    const [now] = (await reports([], [], '"$1"; :')) as [ContextReport];
    expect({ server: now['parent'], differences: differences(plain, now) }).toEqual({
      server: before['parent'],
      differences: [],
    });
  }

  for (const [what, options] of CONTEXTS) {
    test.skipIf(!canMake(...options))(what, async () => {
      await hold(what, options);
      await holdOrdinary();
    });
  }

  test.each([
    ['another scheduling policy', ['chrt', '--batch', '0']],
    ['another I/O priority', ['ionice', '-c', '2', '-n', '7']],
  ])('%s', async (what, by) => {
    await hold(what, [], by);
    await holdOrdinary();
  });
});

/** Says who its server is, and what could have come from another. */
const LIGHT = `
  process.preforkInterp?.initialisationComplete();
  const { execPath, execArgv, argv, env, ppid, version } = process;
  console.log(JSON.stringify({ server: ppid, version, execPath, execArgv, argv, env: Object.entries(env).sort(),
    locale: Intl.DateTimeFormat().resolvedOptions().locale, cwd: process.cwd(), umask: process.umask() }));`;

interface How {
  readonly env?: NodeJS.ProcessEnv;
  /** Of the client, besides `--strict`. */
  readonly mediation?: '-U' | '-L';
  readonly options?: string[];
  /** Of the call, and of plain node. */
  readonly interpreter?: string;
  readonly interpreterOptions?: string[];
  readonly by?: string[];
  readonly cwd?: string;
  readonly args?: string[];
}

/** What a call says, but for its server; which is held to be what plain node says. */
async function serverOf(w: Workspace, script: string, how: How): Promise<number> {
  const {
    mediation = '-U',
    options = [],
    interpreter = 'node',
    interpreterOptions = [],
    by = [],
    args = [],
    env = {},
    cwd = w.directory,
  } = how;
  const said = async (command: string[]) => {
    const [program, ...rest] = [...by, ...command] as [string, ...string[]];
    const { status, stdout, stderr } = await w.run(program, rest, { env, cwd });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout) as { server: number };
  };
  const { server: _, ...plain } = await said([interpreter, ...interpreterOptions, script, ...args]);
  const words = ['--strict', mediation, ...options, interpreter, ...interpreterOptions].join(' ');
  const { server, ...warm } = await said([CLIENT, words, script, ...args]);
  expect.soft(warm, JSON.stringify(how)).toEqual(plain);
  return server;
}

const OPTIONS: [string, How][] = [
  ['nothing in particular', {}],
  ['-L', { mediation: '-L' }],
  ['-G one', { options: ['-G', 'one'] }],
  ['-G other', { options: ['-G', 'other'] }],
  ['-E without a value', { options: ['-E', 'CHOSEN'] }],
  ['-E with an empty one', { options: ['-E', 'CHOSEN'], env: { CHOSEN: '' } }],
  ['-E with one', { options: ['-E', 'CHOSEN'], env: { CHOSEN: 'one' } }],
  ['-E of another variable', { options: ['-E', 'OTHER'], env: { CHOSEN: 'one' } }],
  ['an argument of the interpreter', { interpreterOptions: ['--no-warnings'] }],
  ['another argument of the interpreter', { interpreterOptions: ['--stack-size=900'] }],
  ['NODE_OPTIONS', { env: { NODE_OPTIONS: '--no-warnings' } }],
  ['NODE_PATH', { env: { NODE_PATH: '/nowhere' } }],
  ['NODE_ENV', { env: { NODE_ENV: 'production' } }],
  ['LC_ALL', { env: { LC_ALL: 'de_DE.UTF-8' } }],
  ['LANG', { env: { LANG: 'fr_FR.UTF-8' } }],
  ['LD_LIBRARY_PATH', { env: { LD_LIBRARY_PATH: '/nowhere' } }],
  ['UV_THREADPOOL_SIZE', { env: { UV_THREADPOOL_SIZE: '2' } }],
];

test('other options, and other variables that node reads as it starts', async () => {
  const w = workspace();
  const script = w.write('light.cjs', LIGHT);
  const servers = new Map<string, number>();
  for (const [what, how] of OPTIONS) servers.set(what, await serverOf(w, script, how));
  expect([...servers].filter(([, server], at) => [...servers.values()].indexOf(server) !== at)).toEqual([]);
  // And each finds his own again, now that those of all the others are there.
  for (const [what, how] of OPTIONS.slice(0, 6))
    expect.soft(await serverOf(w, script, how), what).toBe(servers.get(what));
});

test('another node', async () => {
  const w = workspace();
  const script = w.write('light.cjs', LIGHT);
  mkdirSync(w.path('copy'));
  copyFileSync(NODE, w.path('copy/node'));
  const copied = { env: { PATH: `${w.path('copy')}:${w.env['PATH']}` } };
  const [one, other] = [await serverOf(w, script, {}), await serverOf(w, script, copied)];
  expect(other).not.toBe(one);
  expect([await serverOf(w, script, {}), await serverOf(w, script, copied)]).toEqual([one, other]);
  // By a path that leads to it, it is the same program by another name: what a script is told of that is in process.argv0.
  expect([one, other]).not.toContain(await serverOf(w, script, { interpreter: join(w.path('copy'), 'node') }));
});

const MAJORS = ['18', '20', '22', '24'].filter((major) => major !== process.versions.node.split('.')[0]);
/** As scripts/test-nodes.mjs has fetched them, if it has. */
const others = MAJORS.map((major) => join(ROOT, 'node_modules/.cache/nodes', major, 'node_modules/node/bin'));
const found = others.find((directory) => existsSync(join(directory, 'node')));

test.skipIf(!found)('another version of node', async () => {
  const w = workspace();
  const script = w.write('light.cjs', LIGHT);
  const versions = [{}, { env: { PATH: `${found}:${w.env['PATH']}` } }];
  const servers: number[] = [];
  for (const how of [...versions, ...versions]) servers.push(await serverOf(w, script, how));
  const [one, other] = servers;
  expect(other).not.toBe(one);
  expect(servers).toEqual([one, other, one, other]);
});

test('one server, where everything that differs travels with the call', async () => {
  const w = workspace();
  const script = w.write('light.cjs', LIGHT);
  mkdirSync(w.path('elsewhere'));
  const context = (...options: string[]) => inContext(options, []);
  const callers: How[] = [
    {},
    { cwd: w.path('elsewhere') },
    { cwd: '/' },
    { args: ['one', ''] },
    { env: { TZ: 'Asia/Tokyo', FOO: 'x', PWD: '/nowhere', HOME: '/', TERM: 'dumb', NODE: 'x', LANGUAGES: 'x' } },
    { by: ['sh', '-c', 'umask 077; exec "$@"', 'sh'] },
    { by: context('--soft-limit', 'fsize=1000000', '--soft-limit', 'core=0') },
    { by: context('--nice', '11') },
    { by: context('--affinity', '0') },
    { by: context('--closed', '0', '--ignore', 'HUP', '--block', 'USR1') },
    { by: ['setsid', '--wait'] },
    { options: ['--direct-on-tty'] },
    {},
  ];
  const servers = [];
  for (const how of callers) servers.push(await serverOf(w, script, how));
  expect(new Set(servers).size).toBe(1);
});
