/** `preforkctl doctor`: a fixture for each of its findings, one without any, and the same words where a server is to be made. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Finding, FindingKind, Report } from '../../src/doctor/report.js';
import { NODE } from '../support/paths.js';
import { control, PREFORKCTL } from '../support/preforkctl.js';
import { Terminal } from '../support/terminal.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const COMPLETE = 'process.preforkInterp?.initialisationComplete();';
const SAFE = 0;
const UNSAFE = 3;

type Examined = Report & { script: string };

/** What is said of `script`; what it prints itself is no matter. */
async function examineScript(w: Workspace, script: string, status = SAFE): Promise<Examined> {
  const outcome = await control(w, ['doctor', '--json', script]);
  expect(outcome, outcome.stderr).toMatchObject({ status });
  return JSON.parse(outcome.stdout) as Examined;
}

/** Of a script whose initialisation is this. */
function examine(w: Workspace, source: string, status = SAFE): Promise<Examined> {
  return examineScript(w, w.script('examined.mjs', `${source}\n${COMPLETE}\n`), status);
}

/** By kind, with what each is about, and the place of the innermost function that it came from, as LINE. */
function summary({ findings, script }: Examined): [FindingKind, string | null, string | undefined][] {
  const line = ({ origins }: Finding) => {
    const place = origins[0]?.stack.find((frame) => frame.includes(script));
    // Behind the path: :LINE:COLUMN. The first line of the file is the #! line.
    return place?.slice(place.indexOf(script) + script.length + 1).split(':')[0];
  };
  return findings.map((finding) => [finding.kind, finding.subject, line(finding)]);
}

const SOCKET = expect.stringMatching(/^descriptor \d+$/);

describe('each finding', () => {
  test.each<[name: string, source: string, findings: [FindingKind, unknown, string | undefined][]]>([
    ['a file', `import { openSync } from 'node:fs';\nopenSync('/etc/passwd');`, [['files', '/etc/passwd', '3']]],
    [
      'a file that was opened asynchronously',
      `import fs from 'node:fs';\nawait new Promise((done) => fs.open('/etc/passwd', done));`,
      [['files', '/etc/passwd', '3']],
    ],
    [
      'a file of node:fs/promises',
      `import { open } from 'node:fs/promises';\nglobalThis.kept = await open('/etc/passwd');`,
      [['files', '/etc/passwd', '3']],
    ],
    [
      'a port that is listened on',
      `import net from 'node:net';\nconst s = net.createServer();\nawait new Promise((done) => s.listen(0, '127.0.0.1', done));`,
      [['sockets', SOCKET, '4']],
    ],
    ['an interval', 'setInterval(() => {}, 1000);', [['timers', null, '2']]],
    ['a timer that does not hold the process', 'setTimeout(() => {}, 1000).unref();', [['timers', null, '2']]],
    ['an immediate', 'setImmediate(() => {});', [['timers', null, '2']]],
    ['output', `process.stdout.cork();\nprocess.stdout.write('abc');`, [['output', 'stdout', undefined]]],
    [
      'output for a file',
      `import { createWriteStream } from 'node:fs';
       const out = createWriteStream(new URL('written', import.meta.url));
       await new Promise((done) => out.on('open', done));
       out.cork();
       out.write('abc');`,
      [
        ['files', expect.stringMatching(/\/written$/), '3'],
        ['output', expect.stringMatching(/written$/), '3'],
      ],
    ],
    ['a signal', `process.once('SIGHUP', () => {});`, [['signals', 'SIGHUP', '2']]],
    ['Math.random', 'Math.random();', [['random', 'Math.random()', '2']]],
    [
      'node:crypto',
      `import { randomBytes } from 'node:crypto';\nfunction key() {\n  return randomBytes(16);\n}\nkey();`,
      [['random', 'crypto.randomBytes()', '4']],
    ],
    ['webcrypto', 'globalThis.crypto?.randomUUID() ?? Math.random();', [['random', expect.any(String), '2']]],
    ['a variable', 'const { FORCE_COLOR } = process.env;', [['environment', 'FORCE_COLOR', '2']]],
    [
      'whether a variable is set, by name',
      `import { env } from 'node:process';\n'NO_COLOR' in env;`,
      [['environment', 'NO_COLOR', '3']],
    ],
    ['all variables', 'const copy = { ...process.env };', [['environment', '*', '2']]],
    ['a variable that it has set itself', `process.env.MINE = '1';\nprocess.env.MINE.length;`, []],
    ['a terminal', `import { isatty } from 'node:tty';\nisatty(1);`, [['terminal', 'stdout', '3']]],
    ['a stream of a terminal', 'if (process.stderr.isTTY) globalThis.colours = true;', [['terminal', 'stderr', '2']]],
    ['the directory', `import { resolve } from 'node:path';\nresolve('x');`, [['directory', null, '3']]],
    ['the arguments', 'const [, , first] = process.argv;', [['arguments', null, '2']]],
    ['an argument', 'process.argv[2];', [['arguments', null, '2']]],
    ['all arguments', 'process.argv.slice(2);', [['arguments', null, '2']]],
    ['no argument', 'const [node, script] = process.argv;', []],
    [
      'a file by a path that is relative',
      `import { existsSync } from 'node:fs';\nexistsSync('.rc');`,
      [['directory', null, '3']],
    ],
    [
      'the same by node:fs/promises',
      `import { readdir } from 'node:fs/promises';\nawait readdir('.');`,
      [['directory', null, '3']],
    ],
    [
      'a variable with a descriptor',
      `Object.defineProperty(process.env, 'MINE', { value: '1', writable: true, enumerable: true, configurable: true });\nprocess.env.MINE;`,
      [],
    ],
    ['memory', 'globalThis.kept = Buffer.alloc(300 * 1024 * 1024, 1);', [['memory', null, undefined]]],
  ])('%s', async (_name, source, findings) => {
    const examined = await examine(workspace(), source);
    expect(examined).toMatchObject({ version: 1, complete: true });
    expect(summary(examined)).toEqual(findings);
    for (const { severity } of examined.findings) expect(severity).toBe('caution');
  });

  test.each<[name: string, source: string, kind: FindingKind, line: string]>([
    [
      'a thread',
      `import { Worker } from 'node:worker_threads';
       const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
       await new Promise((done) => worker.on('online', done));`,
      'threads',
      '3',
    ],
    [
      'a request',
      `import { lookup } from 'node:dns';\nimport { pbkdf2 } from 'node:crypto';\npbkdf2('a', 'b', 1e7, 9, 'sha1', () => {});`,
      'requests',
      '4',
    ],
    ['a request that promises something', `import { stat } from 'node:fs/promises';\nstat('.');`, 'requests', '3'],
    [
      'a child process',
      `import { spawn } from 'node:child_process';\nspawn('sleep', ['60'], { stdio: 'ignore' });`,
      'children',
      '3',
    ],
  ])('%s: unsafe, and a server is refused with the same words', async (_name, source, kind, line) => {
    const w = workspace();
    const examined = await examine(w, source, UNSAFE);
    const [first] = examined.findings;
    expect(first).toMatchObject({ kind, severity: 'unsafe' });
    expect(summary(examined)[0]).toEqual([kind, null, line]);

    const refused = w.start(examined.script);
    const { stderr } = await refused.outcome;
    for (const { pid, commandLine } of w.processes()) if (commandLine === 'sleep 60') process.kill(pid, 'SIGKILL');
    // But for the numbers of threads and processes.
    const words = first?.what.replace(/ \((?:process|thread) \d+\)/g, '') as string;
    expect(stderr.replace(/ \((?:process|thread) \d+\)/g, '')).toContain(
      `a server cannot be made of this process now: ${words}; ${first?.advice}`,
    );
  });
});

test('nothing in one that leaves nothing', async () => {
  const w = workspace();
  mkdirSync(w.path('node_modules/dependency'), { recursive: true });
  writeFileSync(w.path('node_modules/dependency/package.json'), '{"main":"main.cjs"}');
  writeFileSync(w.path('node_modules/dependency/main.cjs'), 'exports.value = require("./data.json");');
  writeFileSync(w.path('node_modules/dependency/data.json'), '[1]');
  const examined = await examine(
    w,
    `import { execFile } from 'node:child_process';
     import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
     import { readFile } from 'node:fs/promises';
     import { fileURLToPath } from 'node:url';
     import { Worker } from 'node:worker_threads';
     import { gzipSync } from 'node:zlib';
     import { value } from 'dependency';
     const here = fileURLToPath(import.meta.url);
     readFileSync(here);
     await readFile(here);
     rmSync(mkdtempSync(here), { recursive: true });
     gzipSync(here);
     console.log('loading', value, { some: 'object' });
     clearInterval(setInterval(() => {}, 1000));
     await new Promise((done) => setTimeout(done, 1));
     await new Promise((done) => execFile('true', [], { env: {}, cwd: '/usr/bin' }, done));
     await new Worker('', { eval: true, env: {} }).terminate();
     const listener = () => {};
     process.on('SIGHUP', listener);
     process.off('SIGHUP', listener);`,
  );
  expect(examined.findings).toEqual([]);
  expect(examined).toMatchObject({ version: 1, complete: true, memory: { residentKb: expect.any(Number) } });
  expect(examined.dependencies?.present).toBeGreaterThan(4);
  expect(w.servers()).toEqual([]);
  expect(w.rendezvous()).toEqual([]);
});

test('a variable of the identity is no finding: each of its values has a server', async () => {
  const w = workspace();
  const source = `process.env.FORCE_COLOR; process.env.CI;\n${COMPLETE}\n`;
  const script = w.script('named.cjs', source, { options: '-U,-E,FORCE_COLOR' });
  const { findings } = await examineScript(w, script);
  expect(findings.map(({ subject }) => subject)).toEqual(['CI']);
});

test.each<[string, string, RegExp, boolean]>([
  ['ends without a word', 'process.exitCode = 5;', /ended with status 5, without calling/, true],
  ['throws', 'throw new Error("broken");', /ended with status 1, without calling/, true],
  ['is killed', `process.kill(process.pid, 'SIGKILL');`, /no report: its initialisation was ended by SIGKILL/, false],
])('initialisation that %s', async (_name, source, words, reported) => {
  const w = workspace();
  const script = w.script('ends.cjs', source);
  const { status, stdout, stderr } = await control(w, ['doctor', '--json', script]);
  expect(status).toBe(reported ? UNSAFE : 1);
  if (!reported) {
    expect(stderr).toMatch(words);
    return;
  }
  const { complete, findings } = JSON.parse(stdout) as Examined;
  expect(complete).toBe(false);
  expect(findings).toMatchObject([
    { kind: 'incomplete', severity: 'unsafe', what: expect.stringMatching(words), origins: [] },
  ]);
});

test('a Node that cannot be forked is unsafe, in the words of a refusal', async () => {
  const w = workspace();
  const script = w.script('j.cjs', COMPLETE);
  const env = { NODE_OPTIONS: '--jitless --no-warnings' };
  const { status, stdout } = await control(w, ['doctor', '--json', script], { env });
  expect(status).toBe(UNSAFE);
  const { findings } = JSON.parse(stdout) as Examined;
  expect(findings).toMatchObject([{ kind: 'process', what: expect.stringContaining('without WebAssembly') }]);
  const refused = await w.run(script, [], { env: { ...env, PREFORK_INTERP_DEBUG: '1' } });
  expect(refused.stderr).toContain(findings[0]?.what);
});

test('an option of the line that means nothing is unsafe', async () => {
  const w = workspace();
  const script = w.script('o.cjs', COMPLETE, { options: '-U,--max-servers=0' });
  const { complete, findings } = await examineScript(w, script, UNSAFE);
  expect(complete).toBe(false);
  expect(findings).toMatchObject([{ kind: 'process', what: expect.stringContaining('--max-servers=0') }]);
  expect((await w.run(script)).stderr).toContain(findings[0]?.what);
});

const TERMINAL = `import process from 'node:process'; console.log('loading', process.stdout.fd);`;

test('a clean one is clean on a terminal as well', async () => {
  const w = workspace();
  const script = w.script('clean.mjs', `${TERMINAL}\n${COMPLETE}\n`);
  const terminal = await Terminal.open(w, { columns: 500 });
  const shown = await terminal.command(`${NODE} ${PREFORKCTL} doctor ${script}; echo status $?`);
  expect(shown).toMatch(/clean\.mjs: safe\n/);
  expect(shown).toMatch(/status 0\n$/);
});

test('what a script may do to arguments, variables and errors it may do here', async () => {
  const w = workspace();
  const source = `const { argv, env } = process;
    if (!Array.isArray(argv) || !(argv instanceof Array)) throw new Error('no array');
    if (JSON.stringify(structuredClone(argv)) !== JSON.stringify([...argv]) || argv.at(-1) !== 'b') throw new Error('not the same');
    if (JSON.stringify({ ...env }) !== JSON.stringify(env)) throw new Error('another environment');
    require('node:vm').runInThisContext('setTimeout(() => {}, 1)', { filename: 'file://host/x.js' });
    Object.freeze(Error);
    setTimeout(() => {}, 1);`;
  const { status, stdout, stderr } = await control(w, [
    'doctor',
    w.script('does.cjs', `${source}\n${COMPLETE}`),
    'a',
    'b',
  ]);
  expect({ status, stderr }).toEqual({ status: SAFE, stderr: '' });
  expect(stdout).toContain('does.cjs: safe');
});

test.each([
  [
    'is closed',
    `require('node:fs').closeSync(3); require('node:fs').openSync('victim', 'a');`,
    1,
    /has closed descriptor 3/,
  ],
  [
    'is held by what the script has started',
    `require('node:child_process').spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', 3], detached: true });`,
    UNSAFE,
    /^$/,
  ],
])('the descriptor of the report %s', async (_name, source, status, stderr) => {
  const w = workspace();
  const outcome = await control(w, ['doctor', w.script('d.cjs', `${source}\n${COMPLETE}`)]);
  for (const { pid, commandLine } of w.processes()) if (commandLine === 'sleep 60') process.kill(pid, 'SIGKILL');
  expect(outcome.status, outcome.stderr).toBe(status);
  expect(outcome.stderr).toMatch(stderr);
  if (existsSync(w.path('victim'))) expect(readFileSync(w.path('victim'), 'utf8')).toBe('');
});

test('a doctor that is killed leaves nobody behind', async () => {
  const w = workspace();
  const script = w.script('hangs.cjs', `require('node:fs').writeFileSync('begun', ''); setInterval(() => {}, 1000);`);
  const running = w.start(NODE, [PREFORKCTL, 'doctor', script]);
  await until('initialisation has begun', () => existsSync(w.path('begun')));
  process.kill(running.pid, 'SIGKILL');
  await running.outcome;
  await w.empty();
});

test('a thread that is about to end is no reason against a server', async () => {
  const w = workspace();
  // Nobody waits for its end; the process is not told of that before the event loop has its turn.
  const source = `import { Worker } from 'node:worker_threads';
    const worker = new Worker('process.exit()', { eval: true, env: {} });
    await new Promise((done) => worker.on('online', done));`;
  expect((await examine(w, source)).complete).toBe(true);
  const tls = w.script('tls.cjs', `require('node:tls');\n${COMPLETE}\nconsole.log('served');`);
  for (const _ of [1, 2]) expect(await w.run(tls)).toMatchObject({ status: 0, stdout: 'served\n', stderr: '' });
});

test('with -L nothing that callers have is given, and that is what is said', async () => {
  const w = workspace();
  const script = w.script('l.cjs', `process.env.CI; process.cwd(); process.argv[2];\n${COMPLETE}`, { options: '-L' });
  const { findings } = await examineScript(w, script);
  expect(findings.map(({ kind }) => kind)).toEqual(['environment', 'directory', 'arguments']);
  for (const { what } of findings) expect(what).toContain('with -L initialisation has a clean one of its own');
});

test('for a person: what, where from, and what to do', async () => {
  const w = workspace();
  const script = w.script('s.cjs', `function colours() { return process.env.NO_COLOR; }\ncolours();\n${COMPLETE}`);
  const { status, stdout, stderr } = await control(w, ['doctor', script, 'an argument', '--json']);
  expect({ status, stderr }).toEqual({ status: SAFE, stderr: '' });
  expect(stdout).toMatch(/^.*s\.cjs: safe, 1 to look at\n[\d.]+ MB resident, .* made from \d+ files/);
  expect(stdout).toContain('caution: the environment variable NO_COLOR was read');
  expect(stdout).toContain('-E NO_COLOR in the #! line');
  expect(stdout).toContain(`    at colours (${script}:2:`);
});

test('setup is as a call would have it: arguments, directory, environment, and what it prints is no part of the report', async () => {
  const w = workspace();
  const source = `console.log(JSON.stringify([process.argv.slice(2), process.cwd(), process.env.MINE, process.env.LD_PRELOAD ?? null]));`;
  const script = w.script('tells.cjs', `${source}\n${COMPLETE}`);
  const outcome = await control(w, ['doctor', '--json', script, 'a', '--json'], { env: { MINE: 'x' } });
  expect(outcome.status).toBe(SAFE);
  expect(JSON.parse(outcome.stderr)).toEqual([['a', '--json'], w.path('.').replace(/\/\.?$/, ''), 'x', null]);
  expect(JSON.parse(outcome.stdout)).toMatchObject({ script });
});

test('one that does not come to its fork point is given up', async () => {
  const w = workspace();
  const script = w.script(
    'waits.cjs',
    `require('node:fs').writeFileSync('begun', String(process.pid)); setInterval(() => {}, 1000);`,
  );
  const outcome = await control(w, ['doctor', '--limit', '1', script]);
  expect(outcome).toMatchObject({ status: 1, stdout: '' });
  expect(outcome.stderr).toContain('not at its fork point after 1 seconds (--limit)');
  await until('it has gone', () => w.processes().every(({ commandLine }) => !commandLine.includes('waits.cjs')));
});

test('words that make no sense, and scripts that cannot be examined', async () => {
  const w = workspace();
  const perl = w.path('p.pl');
  writeFileSync(perl, '#!/usr/bin/perl\n', { mode: 0o755 });
  expect(await control(w, ['doctor'])).toMatchObject({ status: 2, stdout: '' });
  expect(await control(w, ['doctor', '--limit', 'x', perl])).toMatchObject({ status: 2, stdout: '' });
  expect(await control(w, ['doctor', perl])).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('does not name prefork-interp'),
  });
});
