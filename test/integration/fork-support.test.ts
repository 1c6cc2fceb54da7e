/** What happens where Node is not as expected: it is said before anything is forked, and the process goes on as if nothing had been tried. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ForkChecks, node } from '../support/fork-check.js';

const checks = new ForkChecks();
afterAll(() => checks.remove());

const major = Number.parseInt(execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }), 10);

/** A script that has the facade and prepares the fork itself, in a process where nobody did. */
function unprepared(source: string): string {
  return `const native = require(process.env.FACADE); const attempt = (f) => { try { return f(); } catch (e) { return e.name + ' ' + e.code + ': ' + e.message; } };
    ${source}`;
}

function run(source: string, binary = node) {
  return checks.run(checks.write(unprepared(source)), 'plain', { env: { FACADE: checks.facade }, binary });
}

/** Work for the compilers and the collector, and an orderly end: what a process must still be able to do. */
const goesOn = `
  let kept = []; for (let round = 0; round < 8; round++) { const f = new Function('i', 'return { i, t: "n" + i + ' + round + ' }'); for (let i = 0; i < 50_000; i++) kept[i] = f(i); }
  WebAssembly.compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])).then(() => console.log('went on'));
`;

describe('a Node that lacks what a fork needs', () => {
  // A copy of the binary under test in which one symbol is called something else.
  const crippled = join(checks.directory, 'node');
  const symbols = [
    '_ZN4node12NodePlatform10DrainTasksEPN2v87IsolateE',
    '_ZTVN4node12NodePlatformE',
    '_ZN4node21SetProcessExitHandlerEPNS_11EnvironmentEOSt8functionIFvS1_iEE',
    '_ZN4node23GetMultiIsolatePlatformEPNS_11EnvironmentE',
  ];

  test.each(symbols)('is refused by the name of what is missing: %s', async (symbol) => {
    const binary = readFileSync(node);
    const renamed = `_Y${symbol.slice(2)}`;
    let at = binary.indexOf(`\0${symbol}\0`);
    expect(at).toBeGreaterThan(0);
    for (; at >= 0; at = binary.indexOf(`\0${symbol}\0`, at)) binary.write(renamed, at + 1);
    writeFileSync(crippled, binary);
    chmodSync(crippled, 0o755);
    const { stdout, ended, stderr } = await run(
      `console.log(attempt(native.prepareFork)); console.log(attempt(native.fork)); ${goesOn}`,
      crippled,
    );
    rmSync(crippled);
    expect({ ended, stderr }).toEqual({ ended: 0, stderr: '' });
    expect(stdout).toMatch(/^NativeError ERR_PREFORK_NODE_UNSUPPORTED: Node v\S+ cannot be forked: it has no /);
    expect(stdout).toContain(symbol);
    expect(stdout).toContain('NativeError ERR_PREFORK_STATE: fork() without prepareFork()\nwent on\n');
  });

  test('a copy of the binary with all its symbols is not', async () => {
    copyFileSync(node, crippled);
    const { stdout } = await run('console.log(attempt(native.prepareFork));', crippled);
    rmSync(crippled);
    expect(stdout).toBe('undefined\n');
  });
});

describe('a version that is not on the tested list', () => {
  const succeeds = (list: string) => `
    console.log(attempt(() => native.prepareFork(${list})));
    const pid = native.fork();
    if (pid === 0) { native.leaveByExitNow(); process.exitCode = 5; } else { console.log(native.wait(pid, false).status); ${goesOn} }`;

  test('proves itself by a trial fork', async () => {
    const { stdout, stderr, ended } = await run(succeeds('[]'));
    expect({ stdout, stderr, ended }).toEqual({ stdout: 'undefined\n1280\nwent on\n', stderr: '', ended: 0 });
  });

  test('a listed version does not need to', async () => {
    const forks = (list: string) => `let forks = 0; const { fork } = native.binding();
      native.binding().fork = (ms) => { forks++; return fork(ms); }; native.prepareFork(${list}); console.log(forks > 0);`;
    const [listed, unlisted] = await Promise.all([run(forks(`[${major}]`)), run(forks('[]'))]);
    expect([listed.stdout, unlisted.stdout]).toEqual(['false\n', 'true\n']);
  });

  const failures: Record<string, [string, RegExp]> = {
    'the child crashes': ['native.sendSignal(native.processId(), 11);', /ended with wait status 11\b/],
    'the child ends too early': ['native.exitNow(0);', /ended with wait status 0\b/],
    'the child hangs': ['native.poll(new Int32Array(0), -1);', /did not end within 500 ms/],
  };
  test.each(Object.entries(failures))('is refused where %s', async (_name, [inChild, message]) => {
    const source = `
      let forks = 0;
      const badFork = () => { const pid = native.fork(); if (pid === 0 && forks++ === 0) { ${inChild} } return pid; };
      native.prepareFork();
      console.log(attempt(() => native.trialFork(badFork, 500))); ${goesOn}`;
    const { stdout, ended } = await run(source);
    expect(stdout).toMatch(/^NativeError ERR_PREFORK_NODE_UNSUPPORTED: .*not a tested version/);
    expect(stdout).toMatch(message);
    expect(stdout).toContain('went on');
    expect(ended).toBe(0);
  });

  test('after a refusal Node has its own threads back, and a fork is refused', async () => {
    const source = `
      const wrongly = native.binding(); const { fork } = wrongly; wrongly.fork = () => { const pid = fork(2); if (pid === 0) native.exitNow(1); return pid; };
      console.log(attempt(() => native.prepareFork([]))); wrongly.fork = fork;
      console.log(attempt(native.fork)); ${goesOn}`;
    const { stdout, stderr, ended } = await run(source);
    expect(stdout).toMatch(/ERR_PREFORK_NODE_UNSUPPORTED.*\n.*fork\(\) without prepareFork\(\)\nwent on\n$/);
    expect({ stderr, ended }).toEqual({ stderr: '', ended: 0 });
  });
});

describe('used wrongly', () => {
  test('a worker cannot prepare a fork', async () => {
    const source = `new (require('node:worker_threads').Worker)("const n = require(process.env.FACADE); try { n.prepareFork(); } catch (e) { console.log(e.code); }", { eval: true });`;
    expect((await run(source)).stdout).toBe('ERR_PREFORK_STATE\n');
  });

  test('work in the background that does not end is an error, not a hang', async () => {
    const source = `native.prepareFork(); const { fork } = native.binding(); native.binding().fork = () => null;
      const { now } = performance; let steps = 0; performance.now = () => now.call(performance) + 2000 * steps++;
      console.log(attempt(native.fork)); native.binding().fork = fork; performance.now = now;
      const pid = native.fork(); if (pid === 0) native.exitNow(3); console.log(native.wait(pid, false).status);`;
    expect((await run(source)).stdout).toMatch(/^NativeError ERR_PREFORK_TASKS_OUTSTANDING: cannot fork: .*\n768\n$/);
  });

  test('preparing twice is preparing once', async () => {
    expect(
      (
        await run(
          'native.prepareFork(); native.prepareFork(); const p = native.fork(); if (p === 0) native.exitNow(4); console.log(native.wait(p, false).status);',
        )
      ).stdout,
    ).toBe('1024\n');
  });

  test('without the addon, it says where it looked and how to build it', async () => {
    const source = `const { cpSync, mkdirSync } = require('node:fs'); mkdirSync('dist'); cpSync(process.env.FACADE, 'dist/native.cjs');
      console.log(attempt(() => require(process.cwd() + '/dist/native.cjs').processId()));`;
    expect((await run(source)).stdout).toMatch(
      /^NativeError ERR_PREFORK_ADDON: cannot load .*\/build\/Release\/prefork_interp.node: .*npm rebuild/,
    );
  });

  test('a system that has no room for a process is an error, and the next fork works', async () => {
    const file = checks.write(
      unprepared(`native.prepareFork(); console.log(attempt(native.fork));
      const pid = native.fork(); if (pid === 0) native.exitNow(6); console.log(native.wait(pid, false).status);`),
    );
    // strace makes the first clone(2), which is what fork(3) calls, fail. (Threads are made by clone3.)
    const binary = join(checks.directory, 'node-without-room');
    writeFileSync(
      binary,
      `#!/bin/sh\nexec strace -f -qq -o /dev/null -e trace=clone -e inject=clone:error=EAGAIN:when=1 ${node} "$@"\n`,
      { mode: 0o755 },
    );
    const { stdout } = await checks.run(file, 'plain', { env: { FACADE: checks.facade }, binary });
    expect(stdout).toBe('SystemError EAGAIN: fork this process: Resource temporarily unavailable (EAGAIN)\n1536\n');
  });
});

describe('a process that was prepared and is never forked', () => {
  const ways: Record<string, string> = {
    'ends naturally': goesOn,
    'exits with work in the background': `${goesOn} setTimeout(() => process.exit(3), 5);`,
    throws: `${goesOn} setTimeout(() => { throw new Error('x'); }, 5);`,
    'has workers': `const w = new (require('node:worker_threads').Worker)('let s = 0; for (let i = 0; i < 1e7; i++) s += i; process.exitCode = 2', { eval: true }); w.on('exit', (c) => console.log('worker', c));`,
  };
  test.each(Object.entries(ways))('%s as it would', async (_name, source) => {
    const [plain, prepared] = await Promise.all([run(source), run(`native.prepareFork(); ${source}`)]);
    const stable = (stderr: string) => stderr.replace(/.*check-\d+\.cjs.*\n/g, '').replace(/^.*\n *\^\n/m, '');
    expect([prepared.ended, stable(prepared.stderr)]).toEqual([plain.ended, stable(plain.stderr)]);
  });
});

describe('prepared as late as can be', () => {
  // To import CommonJS, Node 18 compiles the WebAssembly of its lexer in the background; the module is then evaluated
  // from inside Node's own DrainTasks, which is already waiting for that, and an executor returns into it.
  const modules: Record<string, string> = {
    'a module that imports CommonJS':
      "import where from './where.cjs'; enter(); console.log(where); process.exitCode = 9;",
    'a module that compiled WebAssembly':
      "await WebAssembly.compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])); enter(); console.log('here'); process.exitCode = 9;",
    'a module that compiles WebAssembly in the executor':
      "import where from './where.cjs'; enter(); await WebAssembly.compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])); console.log(where); process.exitCode = 9;",
    'a module that waited':
      "await new Promise((done) => setTimeout(done, 1)); enter(); console.log('here'); process.exitCode = 9;",
    'a module that did not': "enter(); console.log('here'); process.exitCode = 9;",
  };
  test.each(Object.entries(modules))('%s ends naturally, every time', async (_name, source) => {
    writeFileSync(join(checks.directory, 'where.cjs'), "module.exports = 'here';");
    const file = checks.write(source, 'mjs');
    for (let round = 0; round < 10; round++) {
      expect(await checks.run(file, 'late', {})).toEqual({ ended: 9, stdout: 'here\n', stderr: '' });
    }
  });
});

describe('many forks from one process', () => {
  test('leave no descriptor, thread, zombie or mapping behind', async () => {
    const source = `native.prepareFork(); const { readdirSync, readFileSync } = require('node:fs');
      const count = () => ({ descriptors: readdirSync('/proc/self/fd').length, threads: readdirSync('/proc/self/task').length,
        children: readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim(), mappings: readFileSync('/proc/self/maps', 'utf8').split('\\n').length });
      const round = (n) => { for (let i = 0; i < n; i++) { const pid = native.fork(); if (pid === 0) native.exitNow(0); if (native.wait(pid, false).status !== 0) throw new Error('lost'); } };
      round(20); const before = count(); round(200); const after = count(); console.log(JSON.stringify([before, after]));`;
    const [before, after] = JSON.parse((await run(source)).stdout) as Record<string, number>[];
    const { mappings: mapped = 0, ...rest } = after as Record<string, number>;
    const { mappings: first = 0, ...expected } = before as Record<string, number>;
    expect(rest).toEqual(expected);
    // The heap grows and shrinks by itself a little.
    expect(mapped).toBeLessThan(first + 60);
  });
});
