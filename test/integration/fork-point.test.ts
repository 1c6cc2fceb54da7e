/** Where a process cannot be forked safely it says why, at once; the script itself is as good as ever. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workspace } from '../support/workspace.js';

const UNSAFE: [what: string, before: string, named: RegExp][] = [
  [
    'a worker thread',
    `new (require('node:worker_threads').Worker)('setInterval(() => {}, 1e6)', { eval: true });`,
    /thread.* alive/,
  ],
  [
    'a file that is being read',
    `require('node:fs').readFile(__filename, () => {});`,
    /in flight \(.*(FSReqCallback|ReadFileContext)/,
  ],
  [
    'a file that is being read, as a promise',
    `require('node:fs/promises').readFile(__filename);`,
    /in flight \(.*FSReqPromise/,
  ],
  [
    'a name that is being looked up',
    `require('node:dns').lookup('localhost', () => {});`,
    /in flight \(.*GetAddrInfoReqWrap/,
  ],
  [
    'a job of node:crypto',
    `require('node:crypto').scrypt('a', 'b', 64, () => {});`,
    /request.* in flight|thread.* alive/,
  ],
  ['a job of node:zlib', `require('node:zlib').gzip('x'.repeat(1e5), () => {});`, /request.* in flight/],
  [
    'eight jobs of node:crypto',
    `for (let i = 0; i < 8; i += 1) require('node:crypto').pbkdf2('a', 'b', 1e5, 64, 'sha512', () => {});`,
    /request.* in flight/,
  ],
  [
    'a child process that runs',
    `const child = require('node:child_process').spawn('sleep', ['1000']); process.on('exit', () => child.kill());`,
    /a child process is there.*: sleep \(process \d+\)/,
  ],
  [
    'a child process that nobody waits for',
    `const child = require('node:child_process').spawn('cat'); child.unref(); process.on('exit', () => child.kill());`,
    /a child process is there.*: cat \(process \d+\)/,
  ],
];

test.each(UNSAFE)('%s: a refusal that names it, and nothing is left', async (_, before, named) => {
  const w = workspace();
  const script = w.script(
    'unsafe.cjs',
    `${before}\nprocess.preforkInterp?.initialisationComplete();\nconsole.log('reached');`,
  );
  const outcome = await w.run(script, [], { limitMs: 20_000 });
  expect(outcome).toMatchObject({ status: 1, signal: null, stdout: '' });
  expect(outcome.stderr).toContain('ERR_PREFORK_UNSAFE_FORK_POINT');
  expect(outcome.stderr).toMatch(named);
  await w.empty();
});

const SAFE: [what: string, before: string][] = [
  [
    'a worker thread that has ended',
    `await new Promise((done) => new (await_('node:worker_threads').Worker)('', { eval: true }).on('exit', done));`,
  ],
  ['files that were read', `await await_('node:fs/promises').readFile(process.argv[1]);`],
  ['jobs that are done', `await new Promise((done) => await_('node:crypto').scrypt('a', 'b', 64, done));`],
  [
    'a child process that has ended',
    `await new Promise((done) => await_('node:child_process').spawn('true').on('exit', done));`,
  ],
  ['timers', `setTimeout(() => {}, 10); const often = setInterval(() => clearInterval(often), 10);`],
  [
    'a server that listens',
    `const s = await_('node:net').createServer(); await new Promise((done) => s.listen(0, done)); s.unref();`,
  ],
  ['WebAssembly that was compiled', `await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));`],
  [
    'a request that was answered',
    `const s = await_('node:http').createServer((q, r) => r.end('x')); await new Promise((done) => s.listen(0, done));
     await (await fetch('http://127.0.0.1:' + s.address().port)).text(); s.close(); s.closeAllConnections();`,
  ],
];

test.each(SAFE)('%s: no hindrance', async (_, before) => {
  const w = workspace();
  const source = `import { createRequire } from 'node:module'; const await_ = createRequire(import.meta.url);
    ${before}\nprocess.preforkInterp?.initialisationComplete();
    const { readFile } = await import('node:fs/promises'); console.log((await readFile(process.argv[1])).length > 0); process.exitCode = 4;`;
  const script = w.script('safe.mjs', source);
  for (const _ of [1, 2]) expect(await w.run(script)).toMatchObject({ status: 4, stdout: 'true\n', stderr: '' });
  expect(w.servers().length).toBe(1);
});

test('a script that catches the refusal goes on as setup: its output, and its status when it fails', async () => {
  const w = workspace();
  const script = w.script(
    'catches.cjs',
    `new (require('node:worker_threads').Worker)('setInterval(() => {}, 1e6)', { eval: true });
     try { process.preforkInterp?.initialisationComplete(); } catch (error) { console.error(error.code); process.exit(9); }`,
  );
  const outcome = await w.run(script);
  expect(outcome).toMatchObject({ status: 9, stderr: 'ERR_PREFORK_UNSAFE_FORK_POINT\n' });
  await w.empty();
});

const FAILING: [what: string, source: string, status: number, stderr: RegExp][] = [
  ['setup that throws', `throw new Error('no luck');`, 1, /Error: no luck/],
  ['setup that exits with a status', `console.error('because'); process.exit(23);`, 23, /^because\n$/],
  ['setup that never reaches the point', `console.error('all done');`, 127, /all done\nprefork-interp: .+\n$/],
  ['setup that cannot be parsed', `this is no JavaScript`, 1, /SyntaxError/],
];

test.each(FAILING)('%s', async (_, source, status, stderr) => {
  const w = workspace();
  const script = w.script('fails.cjs', source);
  for (const _ of [1, 2]) {
    const outcome = await w.run(script);
    expect(outcome).toMatchObject({ status, signal: null, stdout: '' });
    expect(outcome.stderr).toMatch(stderr);
    await w.empty();
  }
});

test('setup that is ended by a signal: the client says so, and nothing is left', async () => {
  const w = workspace();
  const script = w.script('dies.cjs', `process.kill(process.pid, 'SIGKILL');`);
  const outcome = await w.run(script);
  expect([outcome.status, outcome.signal]).not.toEqual([0, null]);
  expect(outcome.status ?? outcome.signal).not.toBe(0);
  await w.empty();
});

test('the point is reached twice: the second time it returns at once', async () => {
  const w = workspace();
  const script = w.script(
    'twice.cjs',
    `process.preforkInterp?.initialisationComplete(); const { pid } = process; process.preforkInterp?.initialisationComplete();
     console.log(pid === process.pid, process.argv[2]);`,
  );
  for (const argument of ['a', 'b']) {
    expect(await w.run(script, [argument])).toMatchObject({ status: 0, stdout: `true ${argument}\n`, stderr: '' });
  }
});

test('the point is reached in a callback, and after an await', async () => {
  const w = workspace();
  const script = w.script(
    'callback.mjs',
    `import { setTimeout as later } from 'node:timers/promises';
     await later(5);
     setImmediate(() => process.nextTick(async () => {
       await null;
       process.preforkInterp?.initialisationComplete();
       console.log(process.argv[2], await later(5, 'timer'));
       process.exitCode = 8;
     }));`,
  );
  for (const argument of ['a', 'b']) expect(await w.run(script, [argument])).toEqual(await w.plain(script, [argument]));
  expect(existsSync(script)).toBe(true);
});
