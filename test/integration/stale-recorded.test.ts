/** What initialisation has read besides its modules, and what it has looked for in vain, by the recorder; and that nobody sees that there is one. */
import { copyFileSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EVENTS_FILE } from '../../src/server/event-log.js';
import { CLIENT, ROOT } from '../support/paths.js';
import { type Case, COMPLETE, call, expectNoticed, FS, lay, TELL } from '../support/recorded.js';
import { type Workspace, workspace } from '../support/workspace.js';

const RECORDER = 'build/recorder/prefork-interp-recorder.so';

const READS: Record<string, Case> = {
  'a file that was read, rewritten': {
    initialisation: `const v = fs.readFileSync(at('data'), 'utf8');`,
    before: { data: '1' },
    change: (w) => w.write('data', '2'),
  },
  'a file that was read by a relative path': {
    initialisation: `process.chdir(__dirname); const v = fs.readFileSync('sub/data', 'utf8'); process.chdir('/');`,
    before: { 'sub/data': '1' },
    change: (w) => w.write('sub/data', '2'),
  },
  'a file that was read through a descriptor, replaced by an older one': {
    initialisation: `const fd = fs.openSync(at('data')); const v = fs.readFileSync(fd, 'utf8'); fs.closeSync(fd);`,
    before: { data: '1', next: '2' },
    change: (w) => {
      utimesSync(w.path('next'), 1e9, 1e9);
      renameSync(w.path('next'), w.path('data'));
    },
  },
  'a file that was not there to be read': {
    initialisation: `let v = 1; try { v = fs.readFileSync(at('.env'), 'utf8'); } catch {}`,
    change: (w) => w.write('.env', '2'),
  },
  'a file that was looked for with others above it': {
    initialisation: `const v = fs.existsSync(at('a/b/settings')) ? 2 : 1;`,
    change: (w) => lay(w, 'a/b/settings', ''),
  },
  'a directory that was not there to be listed': {
    initialisation: `let v = 1; try { fs.readdirSync(at('plugins')); v = 2; } catch {}`,
    change: (w) => mkdirSync(w.path('plugins')),
  },
  'a module whose name was tried before': {
    initialisation: `const v = require('./thing');`,
    before: { 'thing.json': '1' },
    change: (w) => w.write('thing.js', 'module.exports = 2;'),
  },
  'a package nearer than the one that was found': {
    initialisation: `const v = require('./lib/one.cjs');`,
    before: {
      'lib/one.cjs': `module.exports = require('thing');`,
      'node_modules/thing/index.js': 'module.exports = 1;',
    },
    change: (w) => lay(w, 'lib/node_modules/thing/index.js', 'module.exports = 2;'),
  },
  'a package.json that says what was a directory’s index before': {
    initialisation: `const v = require('./lib');`,
    before: { 'lib/index.js': 'module.exports = 1;', 'lib/two.js': 'module.exports = 2;' },
    change: (w) => w.write('lib/package.json', '{"main": "./two.js"}'),
  },
  'a module that was tried for and is optional': {
    initialisation: `let v = 1; try { v = require('optional'); } catch {}`,
    change: (w) => lay(w, 'node_modules/optional/index.js', 'module.exports = 2;'),
  },
};

describe('makes a server stale:', () => {
  test.each(Object.entries(READS))('%s', (_, what) => expectNoticed(what));

  test('an ES module’s package that comes nearer', async () => {
    const w = workspace();
    lay(w, 'node_modules/thing/index.mjs', 'export default 1;');
    lay(w, 'node_modules/thing/package.json', '{"exports": "./index.mjs"}');
    lay(w, 'lib/one.mjs', `export { default } from 'thing';`);
    const script = w.script('a.mjs', `import v from './lib/one.mjs';\n${TELL}`);
    expect((await call(w, script)).seen).toBe('1');
    lay(w, 'lib/node_modules/thing/index.mjs', 'export default 2;');
    lay(w, 'lib/node_modules/thing/package.json', '{"exports": "./index.mjs"}');
    expect((await call(w, script)).seen).toBe('2');
  });

  test('a file that is replaced by an older one as soon as it was read', async () => {
    const w = workspace();
    lay(w, 'one/m.cjs', 'module.exports = 1;');
    lay(w, 'two/m.cjs', 'module.exports = 2;');
    const swap = `if (v === 1) sh('mv one old; mv two one');`;
    const script = w.script('a.cjs', `${FS} const v = require('./one/m.cjs'); ${swap}\n${TELL}`);
    expect((await call(w, script)).seen).toBe('1');
    expect((await call(w, script)).seen).toBe('2');
  });
});

test.each([
  ['a log that it appends to', `fs.existsSync(at('log')); fs.appendFileSync(at('log'), 'x'); const v = 1;`, 'log'],
  [
    'files of the kernel',
    `fs.readFileSync('/proc/self/stat'); fs.existsSync('/proc/self/none'); fs.readFileSync('/dev/null'); const v = 1;`,
    'any',
  ],
  ['other names in a directory where it looked for one', `fs.existsSync(at('wanted')); const v = 1;`, 'other'],
  [
    'what it asked for, and found',
    `fs.statSync(at('found')); fs.accessSync(at('found')); fs.readdirSync(__dirname); const v = 1;`,
    'found',
  ],
])('makes none stale: %s', async (_, initialisation, changed) => {
  const w = workspace();
  lay(w, 'found', '');
  const script = w.script('a.cjs', `${FS}\n${initialisation}\n${TELL}`);
  const first = await call(w, script);
  for (const text of ['one', 'two', 'three']) {
    lay(w, changed, text);
    expect(await call(w, script)).toEqual(first);
  }
});

test('makes none stale: the compile cache of Node, to which a call adds what initialisation has missed there', async () => {
  const w = workspace();
  // Node has it since 22.1.
  const cached = (module: string) =>
    `${FS} require('node:module').enableCompileCache?.(at('cache')); require('./${module}'); const v = 1;`;
  for (const name of ['one.cjs', 'two.cjs']) lay(w, name, `exports.${name.slice(0, 3)} = 1;`);
  // The directory is made, and so is not initialisation's own.
  await w.plain(w.script('before.cjs', cached('one.cjs')));
  const script = w.script('a.cjs', `${cached('two.cjs')}\n${TELL}`);
  const first = await call(w, script);
  for (let i = 0; i < 3; i++) expect(await call(w, script)).toEqual(first);
});

describe('is not to be seen:', () => {
  const SHOW = `const { execFileSync } = require('node:child_process'); const { Worker } = require('node:worker_threads');
    const look = () => [process.env.LD_PRELOAD, 'LD_PRELOAD' in process.env, Object.keys(process.env).includes('LD_PRELOAD'),
      execFileSync('/bin/sh', ['-c', 'echo "\${LD_PRELOAD-none}"'], { encoding: 'utf8' }).trim()];
    const before = look(); ${COMPLETE}
    console.log(JSON.stringify([before, look()]));`;

  test.each([
    ['nothing', undefined],
    ['an empty list', ''],
    ['a library', '/lib/x86_64-linux-gnu/libm.so.6'],
    ['two libraries', 'libm.so.6 libc.so.6'],
  ])('where the user has preloaded %s', async (_, preloaded) => {
    const w = workspace();
    const script = w.script('a.cjs', SHOW);
    const env = { LD_PRELOAD: preloaded };
    const plain = await w.plain(script, [], { env });
    for (const run of ['first', 'warm']) {
      expect({ run, ...(await w.run(script, [], { env })) }).toEqual({ run, ...plain });
    }
    expect(w.servers()).toHaveLength(1);
  });

  test('in what a call and its initialisation have open', async () => {
    const w = workspace();
    const list = `fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } }).join()`;
    const script = w.script('a.cjs', `${FS} const v = ${list}; ${COMPLETE} console.log(v, ${list});`);
    expect((await w.run(script)).stdout).not.toMatch(/memfd|recorder/);
  });
});

const logged = (w: Workspace) => readFileSync(join(w.runDirectory, EVENTS_FILE), 'utf8');

test('where more was done than there is room for, a server is made from its modules', async () => {
  const w = workspace();
  lay(w, 'm.cjs', 'module.exports = 1;');
  // More than 32 MiB of records, each longer than its path.
  const much = `for (let i = 0; i < 10000; i++) fs.existsSync(at(('x'.repeat(250) + '/').repeat(14) + i));`;
  const script = w.script('a.cjs', `${FS} ${much} const v = require('./m.cjs');\n${TELL}`);
  const first = await call(w, script);
  expect(await call(w, script)).toEqual(first);
  lay(w, `${`${'x'.repeat(250)}/`.repeat(14)}0`, '');
  expect(await call(w, script), 'of the rest nothing is known').toEqual(first);
  w.write('m.cjs', 'module.exports = 2;');
  expect((await call(w, script)).seen).toBe('2');
  expect(logged(w)).toContain(
    'only a change of its modules will be noticed: initialisation has done more than there is room to record',
  );
});

/** Where elf(5) has the machine: what the dynamic linker would complain of, on standard error. */
const E_MACHINE = 18;

/** The package once more, with another recorder, or none. */
function packageWith(w: Workspace, recorder: 'none' | 'garbage' | 'of another machine'): string {
  for (const name of ['build/client', 'build/recorder', 'build/Release', 'dist'])
    mkdirSync(w.path(name), { recursive: true });
  for (const name of ['dist/adapter.cjs', 'dist/runtime.cjs', 'build/Release/prefork_interp.node', 'package.json']) {
    copyFileSync(join(ROOT, name), w.path(name));
  }
  copyFileSync(CLIENT, w.path('build/client/prefork-interp'));
  if (recorder === 'garbage') w.write(RECORDER, 'no library');
  if (recorder === 'of another machine') {
    const library = readFileSync(join(ROOT, RECORDER));
    library.writeUInt16LE(library.readUInt16LE(E_MACHINE) + 1, E_MACHINE);
    writeFileSync(w.path(RECORDER), library);
  }
  return w.path('build/client/prefork-interp');
}

test.each(['none', 'garbage', 'of another machine'] as const)(
  'without it (%s) a server is made from its modules, as ever',
  async (recorder) => {
    const w = workspace();
    const client = packageWith(w, recorder);
    lay(w, 'm.cjs', 'module.exports = 1;');
    const script = w.script('a.cjs', `const v = require('./m.cjs') + (process.env.LD_PRELOAD ?? '');\n${TELL}`, {
      client,
    });
    const first = await call(w, script);
    expect(first.seen).toBe('1');
    expect(await call(w, script)).toEqual(first);
    w.write('m.cjs', 'module.exports = 2;');
    expect((await call(w, script)).seen).toBe('2');
    expect(logged(w)).toContain('only a change of its modules will be noticed: there is no recorder in this process');
  },
);
