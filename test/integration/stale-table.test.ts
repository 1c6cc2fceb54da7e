/** Every kind of thing that a program depends on, with every way in which it changes: the next call runs the new code, and no call has a new server for nothing. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT, FIXTURES } from '../support/paths.js';
import { processOf, watchesOf } from '../support/processes.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

type Version = 1 | 2;
type Content = string | Buffer;

/** A program in `script`, of which what is in the directory `at/dir` comes in two versions. */
interface Kind {
  /** The file that differs, in `at/dir`. */
  readonly file: string;
  /** Of each version; undefined where it is not there. Both have the same length. */
  content(version: Version, w: Workspace): Content | undefined;
  readonly beside?: Record<string, string>;
  /** Sets `v` to the version. */
  readonly script: string;
  readonly esm?: true;
}

const COMPLETE = 'process.preforkInterp?.initialisationComplete();';
const TELL = `${COMPLETE}\nconsole.log(process.ppid, v);`;
const FILE = `__dirname + '/at/dir/data'`;

/** `(module (func (export "v") (result i32) i32.const VERSION))` */
function wasm(version: Version): Buffer {
  const beforeVersion = '0061736d 01000000 0105016000017f 03020100 070501017600 00 0a0601040041';
  return Buffer.from(`${beforeVersion}0${version}0b`.replaceAll(' ', ''), 'hex');
}

const KINDS: Record<string, Kind> = {
  'the script': {
    file: 'script.cjs',
    content: (version) => `#!${CLIENT} -U,node\nconst v = ${version};\n${TELL}`,
    script: '',
  },
  'an ES module': {
    file: 'm.mjs',
    content: (version) => `export default ${version};`,
    script: `import v from './at/dir/m.mjs';`,
    esm: true,
  },
  'a CommonJS module': {
    file: 'm.cjs',
    content: (version) => `module.exports = ${version};`,
    script: `const v = require('./at/dir/m.cjs');`,
  },
  JSON: { file: 'm.json', content: (version) => `${version}`, script: `const v = require('./at/dir/m.json');` },
  'an addon': {
    file: 'm.node',
    content: (version, w) => {
      const library = w.path(`addon${version}`);
      if (!existsSync(library)) {
        const source = join(FIXTURES, 'addon.c');
        execFileSync('cc', ['-shared', '-fPIC', '-O1', `-DVERSION=${version}`, '-o', library, source]);
      }
      return readFileSync(library);
    },
    script: `const v = require('./at/dir/m.node');`,
  },
  WebAssembly: {
    file: 'm.wasm',
    content: wasm,
    script: `const bytes = require('node:fs').readFileSync(__dirname + '/at/dir/m.wasm');
      const v = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.v();`,
  },
  'a package.json that says which file is meant': {
    file: 'package.json',
    content: (version) => `{"main": "./v${version}.cjs"}`,
    beside: { 'v1.cjs': 'module.exports = 1;', 'v2.cjs': 'module.exports = 2;' },
    script: `const v = require('./at/dir');`,
  },
  'a package.json that says of which kind a module is': {
    file: 'package.json',
    content: (version) => `{"type": "${version === 1 ? 'commonjs' : 'module'}"}${' '.repeat(version * 2)}`,
    beside: { 'm.js': `globalThis.v = typeof module === 'object' ? 1 : 2;` },
    script: `import './at/dir/m.js'; const { v } = globalThis;`,
    esm: true,
  },
  'a module that was not there': {
    file: 'm.js',
    content: (version) => (version === 1 ? undefined : 'module.exports = 2;'),
    beside: { 'm.json': '1' },
    script: `const v = require('./at/dir/m');`,
  },
  'what dependsOn() was told of': {
    file: 'data',
    content: (version) => `${version}`,
    // What a program reads that initialisation starts is not seen.
    script: `process.preforkInterp?.dependsOn(${FILE});
      const v = require('node:child_process').execFileSync('cat', [${FILE}], { encoding: 'utf8' });`,
  },
};

const OLD = 1_000_000_000;

/** Lays a version into a directory: files that are older than any server. */
function lay(w: Workspace, kind: Kind, directory: string, version: Version): void {
  mkdirSync(directory, { recursive: true });
  const content = kind.content(version, w);
  for (const [name, text] of [...Object.entries(kind.beside ?? {}), [kind.file, content] as const]) {
    if (text === undefined) continue;
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), 0o755);
    utimesSync(join(directory, name), OLD, OLD);
  }
}

/** How the file comes to be of another version. */
const CHANGES: Record<string, (w: Workspace, kind: Kind, version: Version) => void> = {
  'written in place': (w, kind, version) => {
    const content = kind.content(version, w);
    const path = w.path(`at/dir/${kind.file}`);
    if (content === undefined) rmSync(path);
    else writeFileSync(path, content, { mode: 0o755 });
  },
  'written in place, with its time put back': (w, kind, version) => {
    const path = w.path(`at/dir/${kind.file}`);
    const content = kind.content(version, w);
    const before = statSync(path, { throwIfNoEntry: false });
    if (content === undefined) return rmSync(path);
    writeFileSync(path, content, { mode: 0o755 });
    utimesSync(path, before?.atime ?? OLD, before?.mtime ?? OLD);
  },
  'replaced by a rename over it': (w, kind, version) => {
    lay(w, kind, w.path('next'), version);
    const path = w.path(`at/dir/${kind.file}`);
    if (existsSync(w.path(`next/${kind.file}`))) renameSync(w.path(`next/${kind.file}`), path);
    else renameSync(path, `${path}.bak`);
  },
  'in a directory that is replaced': (w, kind, version) => {
    lay(w, kind, w.path('next'), version);
    renameSync(w.path('at/dir'), w.path(`old${version}`));
    renameSync(w.path('next'), w.path('at/dir'));
  },
  'behind a symbolic link that is switched': (w, kind, version) => {
    lay(w, kind, w.path(`release${version}/dir`), version);
    symlinkSync(`release${version}`, w.path('link'));
    renameSync(w.path('link'), w.path('at'));
  },
  'gone, and back': (w, kind, version) => {
    rmSync(w.path('at/dir'), { recursive: true });
    lay(w, kind, w.path('at/dir'), version);
  },
};

async function call(w: Workspace, script: string): Promise<{ server: number; seen: string }> {
  const { status, stdout, stderr } = await w.run(script);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [server, seen = ''] = stdout.trim().split(' ');
  return { server: Number(server), seen };
}

/** Whatever happens that changes nothing: beside the file, and by looking at it. */
function changeNothing(w: Workspace, { file }: Kind): void {
  const path = w.path(`at/dir/${file}`);
  if (existsSync(path)) readFileSync(path);
  for (const name of ['unrelated', 'unrelated', 'other']) w.write(`at/dir/${name}`, 'text');
  rmSync(w.path('at/dir/other'));
}

test.each(
  Object.entries(KINDS).flatMap(([what, kind]) =>
    Object.entries(CHANGES).map(([how, change]) => [`${what}, ${how}`, kind, change] as const),
  ),
)('%s', async (_, kind, change) => {
  const w = workspace();
  lay(w, kind, w.path('release0/dir'), 1);
  symlinkSync('release0', w.path('at'));
  w.write('at/dir/unrelated', '');
  const script =
    kind.script === ''
      ? w.path('at/dir/script.cjs')
      : w.script(kind.esm ? 'a.mjs' : 'a.cjs', `${kind.script}\n${TELL}`);

  const first = await call(w, script);
  expect(first.seen).toBe('1');
  // By looking at every file: it was called but once.
  expect(watchesOf(first.server)).toBe(0);
  change(w, kind, 2);
  const second = await call(w, script);
  expect(second.seen).toBe('2');
  changeNothing(w, kind);
  expect(await call(w, script)).toEqual(second);

  await until('its files are watched', () => watchesOf(second.server) > 0 && processOf(second.server)?.state === 'S');
  changeNothing(w, kind);
  expect(await call(w, script)).toEqual(second);
  change(w, kind, 1);
  const third = await call(w, script);
  expect(third.seen).toBe('1');
  expect(await call(w, script)).toEqual(third);
});
