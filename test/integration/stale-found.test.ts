/** What initialisation has found without reading it, and where links led it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES } from '../support/paths.js';
import { processOf, watchesOf } from '../support/processes.js';
import { type Case, call, expectNoticed, expectOneServer, FS, lay, TELL } from '../support/recorded.js';
import { until } from '../support/until.js';
import { workspace } from '../support/workspace.js';

const gone = (name: string): Pick<Case, 'change'> => ({ change: (w) => rmSync(w.path(name), { recursive: true }) });

/** Two directories, and a link to the first that is switched to the second. */
const SWITCHED: Omit<Case, 'initialisation'> = {
  before: { 'r1/data': '1', 'r2/data': '2', 'r1/m.js': 'module.exports = 1;', 'r2/m.js': 'module.exports = 2;' },
  prepare: (w) => symlinkSync('r1', w.path('now')),
  change: (w) => {
    symlinkSync('r2', w.path('next'));
    renameSync(w.path('next'), w.path('now'));
  },
};

const NOTICED: Record<string, Case> = {
  'a file that was looked for and found, gone': {
    initialisation: `const v = fs.existsSync(at('flag')) ? 1 : 2;`,
    before: { flag: '' },
    ...gone('flag'),
  },
  'a file that was asked about and found, gone': {
    initialisation: `let v = 1; try { fs.statSync(at('flag')); } catch { v = 2; }`,
    before: { flag: '' },
    ...gone('flag'),
  },
  'a directory that was found, gone': {
    initialisation: `const v = fs.existsSync(at('.git')) ? 1 : 2;`,
    before: { '.git/HEAD': '' },
    change: (w) => renameSync(w.path('.git'), w.path('git')),
  },
  'a directory that was listed, gone': {
    initialisation: `let v = 2; try { fs.readdirSync(at('plugins')); v = 1; } catch {}`,
    before: { 'plugins/a': '' },
    ...gone('plugins'),
  },
  'a directory that was to be read as a file, now one': {
    initialisation: `let v = 1; try { v = fs.readFileSync(at('conf'), 'utf8'); } catch {}`,
    prepare: (w) => mkdirSync(w.path('conf')),
    change: (w) => {
      rmdirSync(w.path('conf'));
      w.write('conf', '2');
    },
  },
  'what a link that was found leads to, gone': {
    initialisation: `const v = fs.existsSync(at('link')) ? 1 : 2;`,
    before: { flag: '' },
    prepare: (w) => symlinkSync('flag', w.path('link')),
    ...gone('flag'),
  },
  'a link that leads to itself, now a file': {
    initialisation: `const v = fs.existsSync(at('x')) ? 2 : 1;`,
    prepare: (w) => symlinkSync('x', w.path('x')),
    change: (w) => {
      rmSync(w.path('x'));
      w.write('x', '');
    },
  },
  'a link that was read, switched': { initialisation: `const v = fs.readlinkSync(at('now')).slice(1);`, ...SWITCHED },
  'a link that a path was found to lead through, switched': {
    initialisation: `const v = fs.readFileSync(fs.realpathSync(at('now')) + '/data', 'utf8');`,
    ...SWITCHED,
  },
  'a link that a path was found to lead through by the C library, switched': {
    initialisation: `const v = fs.readFileSync(fs.realpathSync.native(at('now')) + '/data', 'utf8');`,
    ...SWITCHED,
  },
  'such a link on the way to a module, switched': {
    initialisation: `const v = require(fs.realpathSync.native(at('now')) + '/m.js');`,
    ...SWITCHED,
  },
};

describe('is noticed:', () => {
  test.each(Object.entries(NOTICED))('%s', (_, what) => expectNoticed(what));

  test('what is gone after watches were set', async () => {
    const w = workspace();
    lay(w, 'flag', '');
    const script = w.script('a.cjs', `${FS} const v = fs.existsSync(at('flag')) ? 1 : 2;\n${TELL}`);
    const { server } = await call(w, script);
    await call(w, script);
    await until('its files are watched', () => watchesOf(server) > 0 && processOf(server)?.state === 'S');
    w.write('flag', 'more');
    chmodSync(w.path('flag'), 0o600);
    expect(await call(w, script)).toEqual({ server, seen: '1' });
    rmSync(w.path('flag'));
    expect((await call(w, script)).seen).toBe('2');
  });

  test('the library of an addon, replaced', async () => {
    const w = workspace();
    const build = (out: string, source: string, ...options: string[]) =>
      execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', w.path(out), source, ...options]);
    for (const version of [1, 2]) {
      w.write('version.c', `int number(void) { return ${version}; }`);
      build(`version${version}.so`, w.path('version.c'), '-Wl,-soname,libversion.so');
    }
    renameSync(w.path('version1.so'), w.path('libversion.so'));
    const linked = [
      w.path('libversion.so'),
      '-Wl,-rpath,$ORIGIN',
      '-DVERSION=number()',
      '-include',
      w.path('version.h'),
    ];
    w.write('version.h', 'int number(void);');
    build('m.node', join(FIXTURES, 'addon.c'), ...linked);
    const script = w.script('a.cjs', `const v = require('./m.node');\n${TELL}`);
    const first = await call(w, script);
    expect(first.seen).toBe('1');
    expect(await call(w, script)).toEqual(first);
    renameSync(w.path('version2.so'), w.path('libversion.so'));
    expect((await call(w, script)).seen).toBe('2');
  });

  test.runIf(existsSync('/dev/shm'))('a file that comes to be in shared memory', async () => {
    const path = `/dev/shm/prefork-test-${process.pid}`;
    try {
      await expectNoticed({
        initialisation: `const v = fs.existsSync('${path}') ? 2 : 1;`,
        change: () => execFileSync('touch', [path]),
      });
    } finally {
      rmSync(path, { force: true });
    }
  });
});

test.each([
  [
    'a link to a file of the kernel was read through',
    `sh('ln -sf /proc/self/stat stat'); fs.readFileSync(at('stat'));`,
  ],
  ['links of the kernel were read', `fs.readlinkSync('/proc/self/exe'); fs.realpathSync.native('/proc/self/fd');`],
  [
    'a file was read whose name is no UTF-8',
    `const name = Buffer.from(at('caf\\u00e9'), 'latin1'); if (!fs.existsSync(name)) sh('echo 1 > caf$(printf "\\\\351")'); fs.readFileSync(name);`,
  ],
])('is no reason for a new server: %s', (_, initialisation) => expectOneServer(`${initialisation} const v = 1;`, {}));
