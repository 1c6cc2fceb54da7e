/** A server that has stopped to look at its files for each call, since it is told of changes: it learns of each, and before the next call. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { alive, processOf, watchesOf } from '../support/processes.js';
import { attachedTo, HAS_STRACE, MAY_ATTACH, traceOf } from '../support/strace.js';
import { until } from '../support/until.js';
import { VERSIONS } from '../support/versions.js';
import { type Workspace, workspace } from '../support/workspace.js';

const COMPLETE = 'process.preforkInterp?.initialisationComplete();';
/** So many that their watches are set in several pieces. */
const FILES = 150;

/** Tells its server, what it was made of, and which of its descriptors are about watching. */
const SOURCE = `const { readdirSync, readlinkSync } = require('node:fs');
for (let i = 0; i < ${FILES}; i++) require('./many/' + i + '.cjs');
const v = require('./current/lib/m.cjs');
${COMPLETE}
const target = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
const watching = readdirSync('/proc/self/fd').map(target).filter((name) => /inotify|mountinfo/.test(name));
console.log(process.ppid, v, watching.length);`;

function lay(w: Workspace, name: string, text: string): void {
  mkdirSync(dirname(w.path(name)), { recursive: true });
  w.write(name, text);
}

function program(w: Workspace, interpreter?: string): string {
  for (let i = 0; i < FILES; i++) lay(w, `many/${i}.cjs`, `module.exports = ${i};`);
  for (const version of [1, 2]) lay(w, `v${version}/lib/m.cjs`, `module.exports = ${version};`);
  symlinkSync('v1', w.path('current'));
  return w.script('watched.cjs', SOURCE, interpreter === undefined ? {} : { interpreter });
}

interface Seen {
  readonly server: number;
  readonly version: number;
}

async function call(w: Workspace, script: string): Promise<Seen> {
  const { status, stdout, stderr } = await w.run(script);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return seen(stdout);
}

function seen(line: string): Seen {
  const [server, version, watching] = line.trim().split(' ').map(Number) as [number, number, number];
  expect(watching, 'descriptors of the server’s in a call').toBe(0);
  return { server, version };
}

/** Waits until the server is told of changes. */
async function watching(server: number): Promise<void> {
  await until('the server has set its watches', () => watchesOf(server) > FILES && processOf(server)?.state === 'S');
}

/** Calls until the server is told of changes, and once more. */
async function warm(w: Workspace, script: string): Promise<Seen> {
  const first = await call(w, script);
  expect(watchesOf(first.server), 'one call alone is not worth an instance').toBe(0);
  expect(await call(w, script)).toEqual(first);
  await watching(first.server);
  expect(await call(w, script)).toEqual(first);
  return first;
}

/** `m.cjs` says 2 afterwards. */
const CHANGES: Record<string, (w: Workspace) => void> = {
  'a module that is rewritten': (w) => w.write('v1/lib/m.cjs', 'module.exports = 2;'),
  'a module that is rewritten under another name': (w) => {
    linkSync(w.path('v1/lib/m.cjs'), w.path('other'));
    w.write('other', 'module.exports = 2;');
  },
  'a module that is replaced by an older one': (w) => {
    utimesSync(w.path('v2/lib/m.cjs'), 1e9, 1e9);
    renameSync(w.path('v2/lib/m.cjs'), w.path('v1/lib/m.cjs'));
  },
  'a module that goes and comes back': (w) => {
    rmSync(w.path('v1/lib/m.cjs'));
    w.write('v1/lib/m.cjs', 'module.exports = 2;');
  },
  'another directory above it': (w) => {
    renameSync(w.path('v1'), w.path('v0'));
    renameSync(w.path('v2'), w.path('v1'));
  },
  'a link that is switched to another directory': (w) => {
    symlinkSync('v2', w.path('next'));
    renameSync(w.path('next'), w.path('current'));
  },
  'a link that gives way to a directory': (w) => {
    rmSync(w.path('current'));
    renameSync(w.path('v2'), w.path('current'));
  },
};

test.each(Object.entries(CHANGES))('%s', async (_, change) => {
  const w = workspace();
  const script = program(w);
  const before = await warm(w, script);
  expect(before.version).toBe(1);
  change(w);
  const after = await call(w, script);
  expect(after.version).toBe(2);
  expect(await call(w, script)).toEqual(after);
  await until('the old server has gone', () => !alive(before.server));
});

test('what happens beside the files of a program leaves its server alone', async () => {
  const w = workspace();
  const script = program(w);
  const before = await warm(w, script);
  lay(w, 'v1/lib/log', '1');
  rmSync(w.path('v1/lib/log'));
  renameSync(w.path('v1'), w.path('v0'));
  renameSync(w.path('v0'), w.path('v1'));
  expect(await call(w, script)).toEqual(before);
  writeFileSync(w.path('v1/lib/m.cjs'), 'module.exports = 2;');
  expect((await call(w, script)).version).toBe(2);
});

test.each(VERSIONS)(
  'calls at the same time, none of which has anything of the watching: %s',
  async (_, interpreter) => {
    const w = workspace();
    const script = program(w, interpreter(w));
    const before = await warm(w, script);
    const all = await Promise.all(Array.from({ length: 6 }, () => call(w, script)));
    expect(all).toEqual(Array(6).fill(before));
  },
);

test.skipIf(!HAS_STRACE || !MAY_ATTACH)('no file is looked at for a call', async () => {
  const w = workspace();
  const script = program(w);
  const before = await warm(w, script);
  const { detach } = await attachedTo(w, before.server, ['-e', 'trace=%%stat,inotify_add_watch']);
  for (let i = 0; i < 3; i++) expect(await call(w, script)).toEqual(before);
  await detach();
  expect(traceOf(w)).toEqual([]);
});

test.skipIf(!HAS_STRACE || !MAY_ATTACH).each([
  ['no instance can be had', 'inotify_init1', 'EMFILE'],
  ['no watch can be had', 'inotify_add_watch', 'ENOSPC'],
])('%s: a server looks at its files, and finds what changes', async (_, name, error) => {
  const w = workspace();
  const script = program(w);
  const before = await call(w, script);
  const { detach } = await attachedTo(w, before.server, ['-e', `inject=${name}:error=${error}`]);
  expect(await call(w, script)).toEqual(before);
  await until('it has been tried', () => traceOf(w).some((made) => made.name === name));
  expect(await call(w, script)).toEqual(before);
  expect(watchesOf(before.server)).toBe(0);
  await detach();
  w.write('v1/lib/m.cjs', 'module.exports = 2;');
  expect((await call(w, script)).version).toBe(2);
});

const MOUNTING = ['unshare', ...(process.getuid?.() === 0 ? [] : ['-r']), '--mount'] as const;

/** With the arguments of a mount(8) at `/mnt`. */
function canMount(...args: string[]): boolean {
  try {
    execFileSync(MOUNTING[0], [...MOUNTING.slice(1), 'mount', ...args, '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    // Who is not root, or in a container, may not.
    return false;
  }
}

const MAY_MOUNT = canMount('--bind', '/usr') && canMount('-t', 'overlay', '-o', 'lowerdir=/usr:/etc', 'overlay');

/** `$1` is the program's directory, which is mounted as a whole in `$2`, and whose script is called there. */
const MOUNTED: Record<string, { before: string; change: string }> = {
  'another directory, mounted over one': { before: 'mount --bind "$1" "$2"', change: 'mount --bind "$2/v2" "$2/v1"' },
  'a file of a lower layer that is written to in an overlay': {
    before: 'mount -t overlay -o "lowerdir=$1,upperdir=$3,workdir=$4" overlay "$2"',
    change: 'echo "module.exports = 2;" >"$2/v1/lib/m.cjs"',
  },
};

test.skipIf(!MAY_MOUNT).each(Object.entries(MOUNTED))('%s', async (_, { before, change }) => {
  const w = workspace();
  program(w);
  mkdirSync(w.path('p'));
  for (const name of ['many', 'v1', 'v2', 'current', 'watched.cjs']) renameSync(w.path(name), w.path(`p/${name}`));
  const places = ['p', 'mounted', 'upper', 'work'].map((name) => w.path(name));
  for (const place of places) mkdirSync(place, { recursive: true });
  const commands = `${before} || exit; "$2/watched.cjs"; "$2/watched.cjs"; read go; "$2/watched.cjs"; ${change} && "$2/watched.cjs"`;
  const shell = w.start(MOUNTING[0], [...MOUNTING.slice(1), 'sh', '-c', commands, 'sh', ...places], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { server } = seen((await shell.line()) as string);
  await shell.line();
  await watching(server);
  shell.child.stdin?.write('go\n');
  shell.endInput();
  const { status, stdout, stderr } = await shell.outcome;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const versions = stdout
    .trim()
    .split('\n')
    .map((line) => seen(line).version);
  expect(versions).toEqual([1, 1, 1, 2]);
});
