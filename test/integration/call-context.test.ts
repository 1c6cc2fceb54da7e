/** Whatever a caller has for its call is what the script finds: each kind of context, compared with plain node value by value. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { expect, test } from 'vitest';
import { type Caller, Compared, SERVED } from '../support/compared.js';
import { type Workspace, workspace } from '../support/workspace.js';

const LAST_PROCESSOR = String(cpus().length - 1);
/** The longest string that execve(2) takes (MAX_ARG_STRLEN), without its NUL. */
const LONGEST = 131_071;
const EVERY_BYTE = Buffer.from(Array.from({ length: 255 }, (_, byte) => byte + 1)).toString('latin1');

/** The hard limit of each resource, by the names of test/native/in-context and of proc_pid_limits(5), and what every node can live with. */
const RESOURCES: [name: string, title: string, enough: number][] = [
  ['cpu', 'Max cpu time', 3600],
  ['fsize', 'Max file size', 100_000_000],
  ['data', 'Max data size', 8e9],
  ['stack', 'Max stack size', 16_000_000],
  ['core', 'Max core file size', 1000],
  ['rss', 'Max resident set', 4e9],
  ['nproc', 'Max processes', 9000],
  ['nofile', 'Max open files', 500],
  ['memlock', 'Max locked memory', 100_000],
  ['as', 'Max address space', 1e12],
  ['locks', 'Max file locks', 100],
  ['sigpending', 'Max pending signals', 5000],
  ['msgqueue', 'Max msgqueue size', 5000],
  ['nice', 'Max nice priority', 0],
  ['rtprio', 'Max realtime priority', 0],
  ['rttime', 'Max realtime timeout', 1_000_000],
];

function hardLimit(title: string): number {
  const line =
    readFileSync('/proc/self/limits', 'latin1')
      .split('\n')
      .find((each) => each.startsWith(title)) ?? '';
  const word = line.slice(title.length).trim().split(/\s+/)[1];
  return word === 'unlimited' ? Number.POSITIVE_INFINITY : Number(word);
}

/** All soft limits below what they are, `by` so much that two such callers differ as well. */
const lowered = (by: number): string[] =>
  RESOURCES.flatMap(([name, title, enough]) => [
    '--soft-limit',
    `${name}=${Math.max(0, Math.min(enough, hardLimit(title)) - by)}`,
  ]);

/** The first caller: as unlike those in the tables as it can be without having a server of its own. */
const OTHER: Caller = {
  context: [...lowered(7), '--affinity', '0', '--closed', '0', '--ignore', 'HUP'],
  shell: 'umask 0; exec "$@" >/dev/null',
  cwd: '/',
  env: { OF_THE_FIRST: 'x', TZ: 'Asia/Tokyo', PWD: '/nowhere' },
  args: ['of', 'the', 'first'],
};

interface Place {
  readonly w: Workspace;
  readonly script: string;
  readonly compared: Compared;
  readonly server: number;
}

/** A server that was started by a call of `first`. */
async function place(first: Caller = OTHER): Promise<Place> {
  const w = workspace();
  const script = w.fixture('context-report.mjs', SERVED);
  const compared = new Compared(w, script);
  const server = (await compared.warm(first))['parent'] as number;
  return { w, script, compared, server };
}

type Row = [what: string, caller: Caller, seen?: Record<string, unknown>];

/** `seen`: what the row is about, as plain node sees it; so that no row compares what it has not made. */
async function hold({ compared, server }: Place, rows: readonly Row[]): Promise<void> {
  for (const [what, caller, seen = {}] of rows) {
    const found = await compared.compare(caller);
    expect.soft(found.plain, what).toMatchObject(seen);
    expect.soft(found.differences, what).toEqual([]);
    expect.soft(found.server, `${what}: the server of the first call`).toBe(server);
  }
}

test('directories, and relative paths in them', async () => {
  const here = await place();
  const { w } = here;
  for (const name of ['one', 'two', 'one/gone']) mkdirSync(w.path(name));
  for (const name of ['one', 'two']) writeFileSync(w.path(`${name}/relative.txt`), name);
  symlinkSync('two', w.path('link'));
  await hold(here, [
    ['one', { cwd: w.path('one') }, { cwd: w.path('one'), relativeFile: 'one' }],
    ['another', { cwd: w.path('two') }, { cwd: w.path('two'), relativeFile: 'two' }],
    ['the root', { cwd: '/' }, { cwd: '/' }],
    ['through a link', { cwd: w.path('link') }, { cwd: w.path('two') }],
    [
      'PWD of a shell that went through a link',
      { shell: 'cd link; exec "$@"' },
      { PWD: w.path('link'), cwd: w.path('two') },
    ],
    ['the first again', { cwd: w.path('one') }, { relativeFile: 'one' }],
    [
      'one that was removed before the call',
      { shell: 'mkdir gone; cd gone; rmdir ../gone; exec "$@"' },
      { cwd: 'error: ENOENT', kernelDirectory: w.path('gone (deleted)') },
    ],
  ]);
});

test('umasks', async () => {
  const here = await place();
  const masks = [0o022, 0, 0o077, 0o027, 0o177, 0o002];
  await hold(
    here,
    masks.map((umask) => [
      umask.toString(8),
      { shell: `umask ${umask.toString(8).padStart(4, '0')}; exec "$@"` },
      { umask },
    ]),
  );
});

test('each soft limit, lowered and raised again', async () => {
  const here = await place();
  const { plain: own } = await here.compared.compare({});
  const limits = (report: Record<string, unknown>) => report['limits'] as Record<string, string>;
  // That each is lowered: node itself raises the number of open files (PlatformInit in src/node.cc), and what is 0 cannot be less.
  const { plain: less } = await here.compared.compare({ context: lowered(0) });
  for (const [, title] of RESOURCES) {
    if (title === 'Max open files' || /^0 /.test(limits(own)[title] ?? '')) continue;
    expect.soft(limits(less)[title], title).not.toBe(limits(own)[title]);
  }
  await hold(here, [
    ['lowered', { context: lowered(0) }],
    ['raised', {}],
    ['lowered to something else', { context: lowered(3) }],
    ['raised again', {}],
  ]);
});

test('processors', async () => {
  const here = await place();
  const rows: Row[] = [
    ['the last', { context: ['--affinity', LAST_PROCESSOR] }],
    ['the first', { context: ['--affinity', '0'] }, { status: { Cpus_allowed: expect.stringMatching(/(^|0)1$/) } }],
    ['all', {}],
  ];
  await hold(here, rows);
});

test('a nice value that is worse, and then a better one, for which there is another server', async () => {
  const here = await place();
  await hold(here, [
    ['5', { context: ['--nice', '5'] }, { nice: 5 }],
    ['none', {}, { nice: 0 }],
    ['19', { context: ['--nice', '19'] }, { nice: 19 }],
  ]);
  const late = await place({ ...OTHER, context: ['--nice', '7'] });
  await hold(late, [
    ['the same', { context: ['--nice', '7'] }, { nice: 7 }],
    ['a worse one', { context: ['--nice', '9'] }, { nice: 9 }],
  ]);
  const better = await late.compared.compare({ context: ['--nice', '3'] });
  expect(better).toMatchObject({ differences: [], plain: { nice: 3 } });
  expect(better.server).not.toBe(late.server);
  const worse = await late.compared.compare({ context: ['--nice', '7'] });
  expect(worse).toMatchObject({ differences: [], server: better.server, plain: { nice: 7 } });
});

/** What a call cannot do without here: to find its server, and be found by the test. */
const kept = ({ w }: Place) => Object.entries(w.env).map(([name, value]) => `${name}=${value}`);

test('environments, byte for byte', async () => {
  const here = await place();
  const { w } = here;
  const row = (what: string, entries: string[], seen: Record<string, unknown> = {}): Row => {
    const file = w.path(`entries ${what}`);
    writeFileSync(file, Buffer.from([...kept(here), ...entries].map((entry) => `${entry}\0`).join(''), 'latin1'));
    return [what, { context: ['--environment-bytes', file] }, seen];
  };
  const variable = (name: string, value: string) => ({ environment: expect.arrayContaining([[name, value]]) });
  const value = EVERY_BYTE.replace('=', '');
  await hold(here, [
    row('none besides', []),
    row('empty values', ['EMPTY=', 'ONE=1', 'LAST='], variable('EMPTY', '')),
    row(
      'bytes that are not UTF-8',
      ['BYTES=a\xff\xc0b', 'N\xffME=\xe4', '\xff=\xfe'],
      variable('BYTES', 'a\ufffd\ufffdb'),
    ),
    row('every byte', [`EVERY=${value}=${value}`, `${value}=EVERY`]),
    row('entries without `=`, and empty ones', ['NOTHING', '', '', 'A=1', '', 'NOTHING'], variable('A', '1')),
    row('entries that begin with `=`', ['=', '==', '=A=1', 'A==2='], variable('A', '=2=')),
    row('duplicates', ['DUP=1', 'OTHER=x', 'DUP=2', 'TZ=Asia/Tokyo', 'TZ=UTC', 'DUP='], { timeZone: 'Asia/Tokyo' }),
    row('the longest', [`LONG=${'x'.repeat(LONGEST - 5)}`, 'SHORT=1'], variable('LONG', 'x'.repeat(LONGEST - 5))),
    row('the longest without `=`', ['x'.repeat(LONGEST), 'SHORT=1']),
    row(
      '1.5 MB',
      Array.from({ length: 12 }, (_, i) => `BIG_${i}=${String(i).padEnd(125_000, 'x')}`),
    ),
    row(
      'many',
      // Plain node takes quadratic time to hand them to a child.
      Array.from({ length: 2000 }, (_, i) => `M${i}=${i}`),
      variable('M1999', '1999'),
    ),
    row('none besides, again', []),
  ]);
});

test('arguments, byte for byte', async () => {
  const here = await place();
  const { w } = here;
  const row = (what: string, args: string[]): Row => {
    const file = w.path(`arguments ${what}`);
    writeFileSync(file, Buffer.from(args.map((arg) => `${arg}\0`).join(''), 'latin1'));
    const argv = [expect.anything(), expect.anything(), ...args.map((arg) => hexOfNodes(arg))];
    return [what, { context: ['--arguments-bytes', file] }, { argv }];
  };
  await hold(here, [
    row('none', []),
    row('one, empty', ['']),
    row('some, empty', ['', 'a', '', '', 'b', '']),
    row('every byte, in one', [EVERY_BYTE]),
    row('every byte, each in its own', [...EVERY_BYTE]),
    row('what options look like', ['-U', '--', '--version', '-', '--kill', 'node', '-U,node']),
    row('the longest', ['x'.repeat(LONGEST), 'y']),
    row(
      '100 000',
      Array.from({ length: 100_000 }, (_, i) => String(i % 1000)),
    ),
    row('none, again', []),
  ]);
});

/** An argument as node has it: what is no UTF-8 is U+FFFD. */
const hexOfNodes = (arg: string) => Buffer.from(Buffer.from(arg, 'latin1').toString()).toString('hex');

test('standard descriptors that are closed, in every combination', async () => {
  const here = await place();
  const rows = Array.from({ length: 8 }, (_, closed): Row => {
    const which = [0, 1, 2].filter((fd) => closed & (1 << fd));
    return [`closed: ${which.join(' ')}`, { context: which.flatMap((fd) => ['--closed', String(fd)]) }];
  });
  await hold(here, rows);
});

test('standard descriptors of every kind', async () => {
  const here = await place({ ...OTHER, shell: '"$@" >/dev/null' });
  const { w } = here;
  writeFileSync(w.path('in'), 'text');
  const kinds = (...expected: (string | RegExp)[]) => ({ kinds: expected.map((kind) => expect.stringMatching(kind)) });
  await hold(here, [
    ['files', { shell: '"$@" <in >out 2>err' }, kinds(/in$/, /out$/, /err$/)],
    ['a file to read and write, one to append to', { shell: '"$@" <>in >>out' }, kinds(/in$/, /out$/, /^/)],
    ['pipes', { shell: 'cat in | "$@" | cat' }, kinds('pipe', 'pipe', /^/)],
    ['one pipe twice', { shell: '"$@" 2>&1 | cat' }, kinds(/^/, 'pipe', 'pipe')],
    ['sockets', { shell: '"$@" <&1' }, kinds('socket', 'socket', 'socket')],
    [
      'the null device',
      { shell: '"$@" </dev/null >/dev/null 2>/dev/null' },
      kinds('/dev/null', '/dev/null', '/dev/null'),
    ],
    [
      'a full device',
      { shell: '"$@" </dev/zero >/dev/full 2>/dev/full' },
      kinds('/dev/zero', '/dev/full', '/dev/full'),
    ],
    ['a directory', { shell: '"$@" </' }, kinds(/^\/$/, /^/, /^/)],
    [
      'a file that was removed',
      { shell: ': >gone; exec 3<>gone; rm gone; exec "$@" <&3 >&3' },
      kinds(/deleted/, /deleted/, /^/),
    ],
  ]);
});

test('the script by every name that it can be given', async () => {
  const here = await place({});
  const { w, script } = here;
  mkdirSync(w.path('below'));
  const name = 'context-report.mjs';
  await hold(here, [
    ['absolute', { word: script, cwd: '/' }],
    ['relative', { word: `./${name}` }],
    ['relative, from elsewhere', { word: `../${name}`, cwd: w.path('below') }],
    ['with .. in its path', { word: `below/.././below/../${name}` }],
    ['absolute, with .. and slashes', { word: `${w.directory}//below/..//./${name}`, cwd: '/' }],
    ['by PATH', { word: name, found: script, shell: `PATH="$PWD:$PATH"; exec "$@"` }],
    [
      'by a relative PATH',
      { word: name, found: `../${name}`, shell: `PATH="..:$PATH"; exec "$@"`, cwd: w.path('below') },
    ],
  ]);
  symlinkSync(script, w.path('below/tool'));
  symlinkSync('below', w.path('link'));
  for (const word of ['below/tool', w.path('below/tool'), `link/../${name}`, `link/tool`]) {
    for (const what of ['first', 'warm']) {
      expect.soft((await here.compared.compare({ word })).differences, `through a link, ${what}: ${word}`).toEqual([]);
    }
  }
});
