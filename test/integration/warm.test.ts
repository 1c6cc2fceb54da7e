/** Several calls, one initialisation, and each call is what `node script` would be. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VERSIONS } from '../support/versions.js';
import { workspace } from '../support/workspace.js';

/** A description without what differs between any two processes. */
function comparable(described: string): object {
  const { pid, kernelPid, ...rest } = JSON.parse(described);
  expect(pid, 'process.pid is the kernel’s').toBe(kernelPid);
  return rest;
}

describe.each(VERSIONS)('%s', (_version, interpreter) => {
  test.each(['describe.mjs', 'describe.cjs'])(
    'three calls of %s are as three of plain node, and one setup',
    async (name) => {
      const w = workspace();
      const script = w.fixture(name, { interpreter: interpreter(w) });
      const pids = new Set<number>();
      for (const [call, status] of [7, 0, 255].entries()) {
        const args = [`call ${call}`, String(status), '', 'ä'.repeat(call)];
        const options = { input: `input ${call}\n`, env: { CALL: String(call), [`ONLY_${call}`]: '' } };
        const warm = await w.run(script, args, options);
        const plain = await w.plain(script, args, options);
        expect(warm).toMatchObject({ status, signal: null, stderr: `error of call ${call}\n` });
        expect(warm.stderr).toBe(plain.stderr);
        expect(comparable(warm.stdout)).toEqual(comparable(plain.stdout));
        pids.add(JSON.parse(warm.stdout).pid);
      }
      expect(pids.size, 'each call is a process of its own').toBe(3);
      const setups = readFileSync(`${script}.setups`, 'utf8').trimEnd().split('\n');
      expect(setups.length, 'three plain runs and one setup').toBe(4);
    },
  );

  test('a script that is called by a relative path', async () => {
    const w = workspace();
    w.fixture('describe.cjs', { interpreter: interpreter(w) });
    for (const _ of [1, 2]) {
      const warm = await w.run('./describe.cjs', ['x', '3']);
      expect(comparable(warm.stdout)).toEqual(comparable((await w.plain('./describe.cjs', ['x', '3'])).stdout));
    }
  });
});

test.each([
  ['import', 'warm.mjs', `import { initialisationComplete } from 'prefork-interp';`],
  ['require()', 'warm.cjs', `const { initialisationComplete } = require('prefork-interp');`],
  [
    'no installation',
    'bare.mjs',
    `const initialisationComplete = () => process.preforkInterp?.initialisationComplete();`,
  ],
])('the fork point is found by %s', async (how, name, imports) => {
  const w = workspace();
  if (how !== 'no installation') w.installPackage();
  const script = w.script(
    name,
    `${imports}\nconst setup = process.pid;\ninitialisationComplete();\nconsole.log(setup !== process.pid, setup);`,
  );
  const first = await w.run(script);
  const second = await w.run(script);
  expect(first).toMatchObject({ status: 0, stderr: '' });
  expect(first.stdout).toMatch(/^true /);
  expect(second, 'the same setup').toEqual(first);
  const plain = await w.plain(script);
  expect(plain).toMatchObject({ status: 0, stderr: '' });
  expect(plain.stdout, 'under plain node it returns at once').toMatch(/^false /);
});

test('modules loaded in setup are not loaded again, and those loaded in a call are', async () => {
  const w = workspace();
  w.write(
    'early.mjs',
    `import { appendFileSync } from 'node:fs'; appendFileSync(process.argv[1] + '.loads', 'early ');`,
  );
  w.write('late.mjs', `import { appendFileSync } from 'node:fs'; appendFileSync(process.argv[1] + '.loads', 'late ');`);
  const script = w.script(
    'modules.mjs',
    `import './early.mjs';\nprocess.preforkInterp?.initialisationComplete();\nawait import('./late.mjs');`,
  );
  for (const _ of [1, 2, 3]) expect(await w.run(script)).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(`${script}.loads`, 'utf8')).toBe('early late late late ');
});

test('the interpreter’s own arguments are as given', async () => {
  const w = workspace();
  const script = w.fixture('describe.cjs', { interpreter: 'node,--no-warnings,--stack-size=900' });
  for (const args of [
    ['x', '3'],
    ['longer than that of the first call', '4', 'more'],
  ]) {
    const warm = await w.run(script, args);
    const plain = await w.run('node', ['--no-warnings', '--stack-size=900', script, ...args]);
    expect(warm.status).toBe(Number(args[1]));
    expect(JSON.parse(warm.stdout).execArgv).toEqual(['--no-warnings', '--stack-size=900']);
    expect(comparable(warm.stdout)).toEqual(comparable(plain.stdout));
  }
});

test('process.title is node’s, or what setup has made of it, and a call can change it', async () => {
  const w = workspace();
  const name = (change: string) =>
    `${change} process.preforkInterp?.initialisationComplete(); const { readFileSync } = require('node:fs');
     const seen = () => [process.title, readFileSync('/proc/thread-self/comm', 'utf8')];
     const before = [seen(), readFileSync('/proc/self/cmdline', 'utf8').replace(/\0+$/, '')];
     process.title = 'mine'; console.log(JSON.stringify([before, seen()]));`;
  for (const [script, change] of [
    ['plain.cjs', ''],
    ['changed.cjs', `process.title = 'tool';`],
  ] as const) {
    const path = w.script(script, name(change));
    // Arguments for which there is room where the first call had its own, and others.
    for (const args of [['first'], [], ['x'.repeat(400)], ['a', 'b']]) {
      expect(await w.run(path, args)).toEqual(await w.plain(path, args));
    }
  }
});

test('a child process that a call starts with process.execArgv is plain node', async () => {
  const w = workspace();
  const script = w.script(
    'parent.cjs',
    `const { fork } = require('node:child_process');
     process.preforkInterp?.initialisationComplete();
     if (process.argv[2] !== 'child') fork(__filename, ['child']).on('message', (m) => console.log(m)).on('exit', (c) => console.log(c));
     else process.send({ argv: process.execArgv, mark: typeof process.preforkInterp, handover: process.env.PREFORK_INTERP ?? null }, () => process.exit(9));`,
  );
  const warm = await w.run(script);
  const plain = await w.plain(script);
  expect(warm).toEqual(plain);
  expect(warm.stdout).toContain("mark: 'undefined'");
});
