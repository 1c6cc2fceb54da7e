/** Whatever initialisation was made from: when it changes, the next call runs the new code. */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { alive, processOf } from '../support/processes.js';
import { RawConnection } from '../support/raw-connection.js';
import { until } from '../support/until.js';
import { VERSIONS } from '../support/versions.js';
import { type Workspace, workspace } from '../support/workspace.js';

const COMPLETE = 'process.preforkInterp?.initialisationComplete();';
const esm = (imports: string, shown: string) => `${imports}\n${COMPLETE}\nconsole.log(process.ppid, ${shown});`;

interface Case {
  readonly what: string;
  /** The script: its name, and its source. */
  readonly script: [string, string];
  /** The file that is to change, from the first text to the second; both texts hold `1` for `2`. */
  readonly file: string;
  readonly text: string;
  readonly more?: Record<string, string>;
}

const CASES: Case[] = [
  {
    what: 'an ESM module',
    script: ['a.mjs', esm(`import { v } from './m.mjs';`, 'v')],
    file: 'm.mjs',
    text: 'export const v = 1;',
  },
  {
    what: 'an ESM module that a module imports',
    script: ['a.mjs', esm(`import { v } from './outer.mjs';`, 'v')],
    file: 'lib/inner.mjs',
    text: 'export const v = 1;',
    more: { 'outer.mjs': `export { v } from './lib/inner.mjs';` },
  },
  {
    what: 'an ESM module that was imported dynamically',
    script: ['a.mjs', esm(`const { v } = await import('./m.mjs');`, 'v')],
    file: 'm.mjs',
    text: 'export const v = 1;',
  },
  {
    what: 'a CommonJS module',
    script: ['a.cjs', esm(`const v = require('./m.cjs');`, 'v')],
    file: 'm.cjs',
    text: 'module.exports = 1;',
  },
  {
    what: 'a CommonJS module in ESM',
    script: ['a.mjs', esm(`import v from './m.cjs';`, 'v')],
    file: 'm.cjs',
    text: 'module.exports = 1;',
  },
  {
    what: 'a CommonJS module that was dropped from the cache',
    script: ['a.cjs', esm(`const v = require('./m.cjs'); delete require.cache[require.resolve('./m.cjs')];`, 'v')],
    file: 'm.cjs',
    text: 'module.exports = 1;',
  },
  {
    what: 'required JSON',
    script: ['a.cjs', esm(`const { v } = require('./m.json');`, 'v')],
    file: 'm.json',
    text: '{"v": 1}',
  },
  {
    what: 'a package’s module',
    script: ['a.mjs', esm(`import { v } from 'thing';`, 'v')],
    file: 'node_modules/thing/index.js',
    text: 'export const v = 1;',
    more: { 'node_modules/thing/package.json': '{"type": "module", "exports": "./index.js"}' },
  },
  {
    what: 'a package.json that says which module it is',
    script: ['a.mjs', esm(`import { v } from 'thing';`, 'v')],
    file: 'node_modules/thing/package.json',
    text: '{"type": "module", "exports": "./v1.js"}',
    more: { 'node_modules/thing/v1.js': 'export const v = 1;', 'node_modules/thing/v2.js': 'export const v = 2;' },
  },
];

/** Runs it: which server it had, and what it saw. */
async function look(w: Workspace, script: string): Promise<{ server: number; seen: string }> {
  const { status, stdout, stderr } = await w.run(script);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [server, seen = ''] = stdout.trim().split(' ');
  return { server: Number(server), seen };
}

function lay(w: Workspace, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(w.path(name)), { recursive: true });
    w.write(name, text);
  }
}

/** What is done to a file that is to say 2 from now on. */
const CHANGES: [string, (path: string, text: string) => void][] = [
  ['rewritten', (path, text) => writeFileSync(path, text)],
  [
    'replaced by an older one',
    (path, text) => {
      writeFileSync(`${path}.old`, text);
      utimesSync(`${path}.old`, 1e9, 1e9);
      renameSync(`${path}.old`, path);
    },
  ],
];

test.each(CASES.flatMap((one) => CHANGES.map(([how, change]) => [`${one.what} that is ${how}`, one, change] as const)))(
  '%s',
  async (_, { script: [name, source], file, text, more = {} }, change) => {
    const w = workspace();
    lay(w, { ...more, [file]: text });
    const script = w.script(name, source);
    const before = await look(w, script);
    expect(before.seen).toBe('1');
    expect(await look(w, script), 'nothing has changed').toEqual(before);
    change(w.path(file), text.replace('1', '2'));
    const after = await look(w, script);
    expect(after.seen).toBe('2');
    expect(await look(w, script)).toEqual(after);
    await until('the old server has gone', () => !alive(before.server));
  },
);

test.each(CHANGES)('the script itself, %s', async (_, change) => {
  const w = workspace();
  const script = w.script('self.mjs', esm('', '1'));
  const before = await look(w, script);
  const text = readFileSync(script, 'utf8');
  change(script, text.replace('ppid, 1', 'ppid, 2'));
  // The replacement is a file without permission to be executed.
  await w.run('chmod', ['755', script]);
  const after = await look(w, script);
  expect([before.seen, after.seen]).toEqual(['1', '2']);
  await until('the old server has gone', () => !alive(before.server));
});

test('a file that is touched: a new server, of the same code', async () => {
  const w = workspace();
  lay(w, { 'm.mjs': 'export const v = 1;' });
  const script = w.script('touched.mjs', esm(`import { v } from './m.mjs';`, 'v'));
  const before = await look(w, script);
  await w.run('touch', [w.path('m.mjs')]);
  const after = await look(w, script);
  expect(after.seen).toBe('1');
  expect(after.server).not.toBe(before.server);
});

test('a module that is removed: the call fails as under plain node', async () => {
  const w = workspace();
  lay(w, { 'm.cjs': 'module.exports = 1;' });
  const script = w.script('removed.cjs', esm(`const v = require('./m.cjs');`, 'v'));
  await look(w, script);
  rmSync(w.path('m.cjs'));
  const outcome = await w.run(script);
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toContain(`Cannot find module './m.cjs'`);
  await w.empty();
});

test.each([
  ['CommonJS', 'linked.cjs', `const v = require('./current/m.cjs');`],
  ['ESM', 'linked.mjs', `import v from './current/m.cjs';`],
  ['a package, as pnpm and npm link put it there,', 'packaged.mjs', `import v from 'thing';`],
])('a symbolic link that leads to another module: %s', async (_, name, imports) => {
  const w = workspace();
  lay(w, { 'v1/m.cjs': 'module.exports = 1;', 'v2/m.cjs': 'module.exports = 2;', 'node_modules/other': '' });
  for (const version of ['v1', 'v2']) w.write(`${version}/package.json`, '{"main": "./m.cjs"}');
  symlinkSync('v1', w.path('current'));
  symlinkSync('../v1', w.path('node_modules/thing'));
  const script = w.script(name, esm(imports, 'v'));
  const before = await look(w, script);
  expect(await look(w, script), 'nothing has changed').toEqual(before);
  for (const [link, target] of [
    ['current', 'v2'],
    ['node_modules/thing', '../v2'],
  ] as const) {
    symlinkSync(target, w.path('next'));
    renameSync(w.path('next'), w.path(link));
  }
  expect([before.seen, (await look(w, script)).seen]).toEqual(['1', '2']);
});

test('a script that is called by a symbolic link, which then leads to another', async () => {
  const w = workspace();
  const scripts = [1, 2].map((version) => w.script(`v${version}.mjs`, esm('', String(version))));
  symlinkSync(scripts[0] as string, w.path('tool'));
  const before = await look(w, w.path('tool'));
  expect(await look(w, w.path('tool'))).toEqual(before);
  rmSync(w.path('tool'));
  symlinkSync(scripts[1] as string, w.path('tool'));
  expect([before.seen, (await look(w, w.path('tool'))).seen]).toEqual(['1', '2']);
});

test('links that a script reads for itself make nothing stale', async () => {
  const w = workspace();
  const script = w.script(
    'reads.mjs',
    esm(
      `import { readlinkSync, realpathSync } from 'node:fs'; readlinkSync('/proc/self/exe'); realpathSync('/proc/self/cwd');`,
      '1',
    ),
  );
  expect(await look(w, script)).toEqual(await look(w, script));
});

test('files that are not part of the program, and what a call loads and reads, make nothing stale', async () => {
  const w = workspace();
  lay(w, { data: '1', 'late.mjs': 'export const v = 1;', 'other.mjs': '' });
  const script = w.script(
    'unrelated.mjs',
    `import { readFileSync } from 'node:fs';\n${COMPLETE}
     readFileSync('data'); const { v } = await import('./late.mjs'); console.log(process.ppid, v);`,
  );
  const before = await look(w, script);
  lay(w, { data: '2', 'late.mjs': 'export const v = 2;', 'other.mjs': 'changed' });
  expect(await look(w, script)).toEqual({ server: before.server, seen: '2' });
});

describe.each(VERSIONS)('%s', (_version, interpreter) => {
  test('calls in progress finish on the old code, and then their server goes', async () => {
    const w = workspace();
    const options = { interpreter: interpreter(w) };
    const source = (version: number) =>
      `${COMPLETE}\nconsole.log(process.ppid, ${version}); process.stdin.on('end', () => { console.log(${version}); process.exit(${version}); }).resume();`;
    const script = w.script('progress.cjs', source(1), options);
    const pipes = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };
    const old = [w.start(script, [], pipes)];
    const server = Number((await old[0]?.line())?.split(' ')[0]);
    old.push(w.start(script, [], pipes));
    expect(await old[1]?.line()).toBe(`${server} 1`);
    w.script('progress.cjs', source(2), options);
    const fresh = w.start(script, [], pipes);
    expect(await fresh.line()).toMatch(/^\d+ 2$/);
    expect(alive(server), 'it serves out its calls').toBe(true);
    for (const call of old) call.endInput();
    for (const call of old) expect((await call.outcome).stdout).toBe(`${server} 1\n1\n`);
    expect((await old[0]?.outcome)?.status).toBe(1);
    await until('the old server has gone', () => !alive(server));
    fresh.endInput();
    expect((await fresh.outcome).status).toBe(2);
  });

  test('a call that waited for its turn in a server that went stale is refused ungreeted, and run by a new one', async () => {
    const w = workspace();
    const options = { interpreter: interpreter(w) };
    const source = (version: number) =>
      `process.preforkInterp?.initialisationComplete({ maxServers: 1 });\nconsole.log(${version}); process.stdin.on('end', () => process.exit()).resume();`;
    const script = w.script('turn.cjs', source(1), options);
    const pipes = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };
    const first = w.start(script, [], pipes);
    expect(await first.line()).toBe('1');
    // A connection of whose state the test knows, and a client.
    const waiting = await RawConnection.open(w);
    // Had it been told of the connection (a connect(2) wakes who waits for one), it has dealt with it before it sleeps again.
    const { pid } = w.server();
    await until('the server sleeps', () => processOf(pid)?.state === 'S');
    const second = w.start(script, [], pipes);
    w.script('turn.cjs', source(2), options);
    first.endInput();
    await waiting.closedByServer();
    expect(waiting.received.length, 'bytes of a greeting').toBe(0);
    waiting.close();
    expect(await second.line()).toBe('2');
    second.endInput();
    expect((await second.outcome).status).toBe(0);
  });
});

test('a file that changes while initialisation runs: the next call starts afresh', async () => {
  const w = workspace();
  lay(w, { 'm.cjs': 'module.exports = 1;' });
  const script = w.script(
    'meanwhile.cjs',
    // Another process: what initialisation itself writes is its own.
    `const v = require('./m.cjs');
     if (v === 1) require('node:child_process').execSync('echo "module.exports = 2;" > ' + __dirname + '/m.cjs');
     ${COMPLETE} console.log(process.ppid, v);`,
  );
  expect((await look(w, script)).seen).toBe('1');
  expect((await look(w, script)).seen).toBe('2');
});
