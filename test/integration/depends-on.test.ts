/** dependsOn(): what a script says that it was made from, besides what is seen. */
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VERSIONS } from '../support/versions.js';
import { type Workspace, workspace } from '../support/workspace.js';

const TELL = `process.preforkInterp?.initialisationComplete(); console.log(process.ppid, v);`;
/** What a program reads that initialisation starts is not seen. */
const BY_PROGRAM = `const v = require('node:child_process').execFileSync('cat', [__dirname + '/data'], { encoding: 'utf8' });`;
const NAMES = `const v = require('node:fs').readdirSync(__dirname + '/parts').length;`;

interface Seen {
  readonly server: string;
  readonly seen: string;
}

async function call(w: Workspace, script: string, options?: { cwd: string }): Promise<Seen> {
  const { status, stdout, stderr } = await w.run(script, [], options);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [server = '', seen = ''] = stdout.trim().split(' ');
  return { server, seen };
}

const face = (paths: string) => `process.preforkInterp?.dependsOn(${paths});`;

const CHANGES: Record<string, { source: string; change: (w: Workspace) => void }> = {
  'a file': {
    source: `${face(`__dirname + '/data'`)} ${BY_PROGRAM}`,
    change: (w) => w.write('data', '2'),
  },
  'the second of two, by its URL': {
    source: `${face(`__dirname + '/other', require('node:url').pathToFileURL(__dirname + '/data')`)} ${BY_PROGRAM}`,
    change: (w) => w.write('data', '2'),
  },
  'a path that is relative to the directory of the moment': {
    source: `process.chdir(__dirname); ${face(`'data'`)} process.chdir('/'); ${BY_PROGRAM}`,
    change: (w) => w.write('data', '2'),
  },
  'a file that a link leads to': {
    source: `${face(`__dirname + '/link'`)} ${BY_PROGRAM}`,
    change: (w) => w.write('data', '2'),
  },
  'an entry that a directory gets': {
    source: `${face(`__dirname + '/parts'`)} ${NAMES}`,
    change: (w) => w.write('parts/two', ''),
  },
  'a file that was not there': {
    source: `${face(`__dirname + '/later'`)} const v = require('node:child_process').spawnSync('test', ['-e', __dirname + '/later']).status ? 1 : 2;`,
    change: (w) => w.write('later', ''),
  },
};

function lay(w: Workspace): void {
  mkdirSync(w.path('parts'));
  w.write('parts/one', '');
  w.write('other', '');
  w.write('data', '1');
  symlinkSync('data', w.path('link'));
}

describe.each(VERSIONS)('%s', (_version, interpreter) => {
  test.each(Object.entries(CHANGES))('%s', async (_, { source, change }) => {
    const w = workspace();
    lay(w);
    const script = w.script('a.cjs', `${source}\n${TELL}`, { interpreter: interpreter(w) });
    const first = await call(w, script);
    expect(first.seen).toBe('1');
    for (let i = 0; i < 3; i++) expect(await call(w, script), 'nothing has changed').toEqual(first);
    change(w);
    const after = await call(w, script);
    expect(after.seen).toBe('2');
    expect(await call(w, script)).toEqual(after);
  });
});

test('what changes between the call of it and the end of initialisation', async () => {
  const w = workspace();
  lay(w);
  w.write('next', '2');
  const swap = `if (v === '1') require('node:fs').renameSync(__dirname + '/next', __dirname + '/data');`;
  const script = w.script('a.cjs', `${face(`__dirname + '/data'`)} ${BY_PROGRAM} ${swap}\n${TELL}`);
  expect((await call(w, script)).seen).toBe('1');
  expect((await call(w, script)).seen).toBe('2');
});

test('that a file is removed, and a directory loses an entry', async () => {
  const w = workspace();
  lay(w);
  const script = w.script('a.cjs', `${face(`__dirname + '/other', __dirname + '/parts'`)} const v = 1;\n${TELL}`);
  const servers = [(await call(w, script)).server];
  rmSync(w.path('other'));
  servers.push((await call(w, script)).server);
  renameSync(w.path('parts/one'), w.path('one'));
  servers.push((await call(w, script)).server);
  expect(new Set(servers).size).toBe(3);
});

describe('imported', () => {
  const source = (paths: string) => `import { dependsOn, initialisationComplete } from 'prefork-interp';
    import { execFileSync } from 'node:child_process';
    dependsOn(${paths});
    const v = execFileSync('cat', [new URL('data', import.meta.url).pathname], { encoding: 'utf8' });
    initialisationComplete();
    dependsOn(new URL('other', import.meta.url));
    console.log(process.ppid, v);`;

  test('it is the same, and does nothing in a call', async () => {
    const w = workspace();
    w.installPackage();
    lay(w);
    const script = w.script('a.mjs', source(`new URL('data', import.meta.url)`));
    const first = await call(w, script);
    w.write('other', 'changed');
    expect(await call(w, script)).toEqual(first);
    w.write('data', '2');
    expect((await call(w, script)).seen).toBe('2');
  });

  test('it does nothing under plain node', async () => {
    const w = workspace();
    w.installPackage();
    lay(w);
    const script = w.script('a.mjs', source(`'data'`));
    expect(await w.plain(script)).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^\d+ 1\n$/) });
  });

  test.each([
    ['7', '7 is neither a string nor a URL'],
    ['undefined', 'undefined is neither a string nor a URL'],
    [`''`, '"" can be the path of no file'],
    [`'a\\0b'`, '"a\\u0000b" can be the path of no file'],
    [`new URL('https://example.org/x')`, 'https://example.org/x is a URL of no file'],
    [`'data', null`, 'null is neither a string nor a URL'],
  ])('it refuses %s, everywhere alike', async (paths, message) => {
    const w = workspace();
    w.installPackage();
    lay(w);
    const script = w.script('a.mjs', source(paths));
    for (const { status, stderr } of [await w.run(script), await w.plain(script)]) {
      expect(status).toBe(1);
      expect(stderr).toContain(`PreforkError: dependsOn: ${message}`);
      expect(stderr).toContain(`code: 'ERR_PREFORK_PATH'`);
    }
  });
});
