/** What initialisation has itself made, written or changed: others may change it afterwards, and it alone is no reason for a new server. */
import { describe, expect, test } from 'vitest';
import { type Case, call, expectNoticed, expectOneServer, FS, TELL } from '../support/recorded.js';
import { workspace } from '../support/workspace.js';

const READ = `fs.readFileSync(at('conf'), 'utf8').trim()`;
const rewrite = (name: string): Pick<Case, 'change'> => ({ change: (w) => w.write(name, '2') });

const NOTICED: Record<string, Case> = {
  'read by a path that leads through a directory that was made, and out again': {
    initialisation: `fs.mkdirSync(at('made'), { recursive: true }); const v = fs.readFileSync(__dirname + '/made/../conf', 'utf8');`,
    before: { conf: '1' },
    ...rewrite('conf'),
  },
  'that comes to be in a directory that was made': {
    initialisation: `fs.mkdirSync(at('made'), { recursive: true });
      let v = 1; try { v = fs.readFileSync(at('made/conf'), 'utf8'); } catch {}`,
    ...rewrite('made/conf'),
  },
  'in a directory to which a link was made': {
    initialisation: `try { fs.symlinkSync(at('real'), at('link')); } catch {} const v = fs.readFileSync(at('link/conf'), 'utf8');`,
    before: { 'real/conf': '1' },
    ...rewrite('real/conf'),
  },
  'in a directory that was moved into its place': {
    initialisation: `try { fs.renameSync(at('staging'), at('live')); } catch {} const v = fs.readFileSync(at('live/conf'), 'utf8');`,
    before: { 'staging/conf': '1' },
    ...rewrite('live/conf'),
  },
  'in a directory in which a file without a name was made': {
    initialisation: `fs.closeSync(fs.openSync(__dirname, 0o20200000 | fs.constants.O_RDWR)); const v = ${READ};`,
    before: { conf: '1' },
    ...rewrite('conf'),
  },
  'that was read, and written once more': {
    initialisation: `const v = ${READ}; fs.writeFileSync(at('conf'), v + '\\n');`,
    before: { conf: '1' },
    ...rewrite('conf'),
  },
  'that was read by a descriptor that could have been written to': {
    initialisation: `const fd = fs.openSync(at('conf'), 'r+'); const v = fs.readFileSync(fd, 'utf8'); fs.closeSync(fd);`,
    before: { conf: '1' },
    ...rewrite('conf'),
  },
  'that was missed when it was to be written to': {
    initialisation: `let v = 1; try { fs.closeSync(fs.openSync(at('conf'), 'r+')); v = 2; } catch {}`,
    ...rewrite('conf'),
  },
};

describe('another’s change is noticed of a file', () => {
  test.each(Object.entries(NOTICED))('%s', (_, what) => expectNoticed(what));
});

/** Waits until a file's times are none that a change could leave as they are. */
const SETTLE = `for (const begin = Date.now(); Date.now() < begin + 100;);`;

test.each<[string, string, Record<string, string>?, string?]>([
  [
    'sets times of a file that it has read',
    `${READ}; fs.utimesSync(at('conf'), new Date(), new Date());`,
    { conf: '' },
  ],
  ['sets the mode of a file that it has read', `${READ}; fs.chmodSync(at('conf'), 0o644);`, { conf: '' }],
  [
    'writes by another spelling what it has missed',
    `process.chdir(__dirname); fs.existsSync('cache'); fs.writeFileSync('./cache', ''); process.chdir('/');`,
  ],
  [
    'writes through a link what it has missed',
    `fs.existsSync(at('real/log')); fs.symlinkSync(at('real'), at('link')); fs.appendFileSync(at('link/log'), 'x');`,
    { 'real/other': '' },
    `fs.appendFileSync(at('real/log'), 'x');`,
  ],
  ['loads a module that it has written', `fs.writeFileSync(at('x.cjs'), 'module.exports = 1;'); require('./x.cjs');`],
  [
    'loads a module that it has written, and removes it',
    `fs.writeFileSync(at('x.cjs'), 'module.exports = 1;'); require('./x.cjs'); fs.unlinkSync(at('x.cjs'));`,
  ],
  [
    'loads a module in a temporary directory, and removes that',
    `const d = fs.mkdtempSync(at('t-')); fs.writeFileSync(d + '/x.js', 'module.exports = 1;'); require(d + '/x.js');
     fs.rmSync(d, { recursive: true });`,
  ],
  [
    'looks for what its calls put into a temporary directory',
    `const d = fs.mkdtempSync(at('t-')); fs.existsSync(d + '/x');`,
    {},
    `fs.writeFileSync(d + '/x', '');`,
  ],
  [
    'removes a tree that its child has made',
    `sh('mkdir -p o/p; echo 1 > o/p/q'); fs.readFileSync(at('o/p/q')); fs.rmSync(at('o'), { recursive: true });`,
  ],
  ['removes a file that its child makes again', `${READ}; fs.rmSync(at('conf')); sh('echo > conf');`, { conf: '' }],
  ['reads what its child has written', `sh('echo 1 > conf'); ${SETTLE} ${READ};`],
])('is no reason for a new server: it %s', (_, initialisation, before = {}, rest = '') =>
  expectOneServer(`${initialisation} const v = 1;`, before, rest),
);

test('a variable of an --env-file is there in each call, and gives way to the caller’s', async () => {
  const w = workspace();
  const versions = (await w.run('node', ['-p', 'process.versions.node'])).stdout.split('.').map(Number);
  const [major = 0, minor = 0] = versions;
  w.write('.env', 'SETTING=1');
  const source = `${FS} const v = process.env.SETTING;\n${TELL.replace('v)', 'v, process.env.SETTING)')}`;
  // Node has it since 20.6.
  if (major < 20 || (major === 20 && minor < 6)) return;
  const script = w.interpreted('a.cjs', source, `--env-file=${w.path('.env')}`);
  const first = await call(w, script);
  expect(first.seen).toBe('1 1');
  expect(await call(w, script)).toEqual(first);
  const own = await w.run(script, [], { env: { SETTING: '7' } });
  expect(own.stdout).toBe(`${first.server} 1 7\n`);
  w.write('.env', 'SETTING=2');
  expect((await call(w, script)).seen).toBe('2 2');
});

test('a file that a module of --require has read makes a server stale', async () => {
  const w = workspace();
  w.write('conf', '1');
  const pre = w.write('pre.cjs', `${FS} globalThis.v = ${READ};`);
  const script = w.interpreted('a.cjs', TELL, `--require ${pre}`);
  const first = await call(w, script);
  expect(first.seen).toBe('1');
  expect(await call(w, script)).toEqual(first);
  w.write('conf', '2');
  expect((await call(w, script)).seen).toBe('2');
});
