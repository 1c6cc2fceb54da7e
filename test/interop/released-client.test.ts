/** The released client runs Node scripts that use this library. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES, RELEASED_CLIENT } from '../support/paths.js';
import { alive } from '../support/processes.js';
import { HAS_RELEASED_CLIENT, SharedHome } from '../support/released.js';
import type { Outcome, StartOptions } from '../support/running.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** What a script says that imports the library: the released client adds no adapter. */
const IMPORTS = {
  mjs: `import { initialisationComplete } from 'prefork-interp';`,
  cjs: `const { initialisationComplete } = require('prefork-interp');`,
};
type Kind = keyof typeof IMPORTS;

class NodeScript {
  readonly home: SharedHome;
  readonly script: string;

  constructor(
    readonly w: Workspace,
    fixture: string,
  ) {
    w.installPackage();
    this.home = new SharedHome(w);
    const source = readFileSync(join(FIXTURES, fixture), 'utf8');
    const imports = IMPORTS[fixture.split('.').pop() as Kind];
    // The identity is the test's own, so that in a home that others use too it meets nobody.
    this.script = w.script(
      fixture,
      imports + source.replaceAll('process.preforkInterp?.initialisationComplete', 'initialisationComplete'),
      { client: RELEASED_CLIENT, options: `-U,-g${this.home.ident}` },
    );
  }

  /** By the `#!` line. */
  run(args: readonly string[], options?: StartOptions): Promise<Outcome> {
    return this.home.run([this.script, ...args], options);
  }

  setups(): number {
    return readFileSync(`${this.script}.setups`, 'utf8').trimEnd().split('\n').length;
  }
}

/** Without what differs between any two processes, and by how a client is started here. */
function described(text: string): object {
  const { pid, kernelPid, env, ...rest } = JSON.parse(text);
  expect(pid).toBe(kernelPid);
  for (const name of ['PREFORK_INTERP_RUN_DIR', '_', 'PWD', 'OLDPWD', 'SHLVL']) delete env[name];
  return { ...rest, env };
}

describe.skipIf(!HAS_RELEASED_CLIENT)('the released client (needs chiark-utils-bin)', () => {
  test.each(['describe.mjs', 'describe.cjs'])(
    'arguments, environment, input, output and status of %s',
    async (name) => {
      const n = new NodeScript(workspace(), name);
      for (const [call, status] of [7, 0, 255].entries()) {
        const args = [`call ${call}`, String(status), '', 'two words', 'ä\n'];
        const options = { input: `input ${call}\n`, env: { CALL: 'a=b', [`ONLY_${call}`]: '' } };
        const warm = await n.run(args, options);
        expect(warm).toMatchObject({ status, signal: null, stderr: `error of call ${call}\n` });
        expect(described(warm.stdout)).toEqual(described((await n.w.plain(n.script, args, options)).stdout));
      }
      expect(n.setups(), 'three plain runs and one setup').toBe(4);
    },
  );

  test('10 MB through a pipe both ways', async () => {
    const n = new NodeScript(workspace(), 'copy.mjs');
    const input = Buffer.alloc(10_000_000, 'some bytes that are not of a length of two');
    for (const call of ['cold', 'warm']) expect((await n.run([], { input })).bytes.equals(input), call).toBe(true);
  });

  test('every exit status from 0 to 255', { timeout: 120_000 }, async () => {
    const n = new NodeScript(workspace(), 'number.cjs');
    for (let status = 0; status < 256; status += 1) {
      expect(await n.run([String(status)])).toMatchObject({ status, stdout: `${status}\n`, stderr: '' });
    }
  });

  test.each(['SIGHUP', 'SIGINT', 'SIGKILL', 'SIGTERM'] as const)('a script that %s ends', async (signal) => {
    const n = new NodeScript(workspace(), 'hold.mjs');
    for (const _ of ['cold', 'warm']) {
      const call = n.home.start([n.script], { stdio: ['pipe', 'pipe', 'pipe'] });
      process.kill(Number((await call.line()).split(' ')[0]), signal);
      expect(await call.outcome).toMatchObject({ status: null, signal, stderr: '' });
    }
  });

  test('32 simultaneous first calls: one setup, and each call its own', async () => {
    const n = new NodeScript(workspace(), 'describe.cjs');
    const calls = Array.from({ length: 32 }, (_, i) => n.run([`call ${i}`, String(i)], { input: `${i}` }));
    for (const [i, outcome] of (await Promise.all(calls)).entries()) {
      expect(outcome, `call ${i}`).toMatchObject({ status: i, signal: null, stderr: `error of call ${i}\n` });
      expect(JSON.parse(outcome.stdout)).toMatchObject({ input: `${i}` });
    }
    expect(n.setups()).toBe(1);
  });

  test('-f starts a server in place of the running one, --kill ends it', async () => {
    const n = new NodeScript(workspace(), 'hold.mjs');
    const server = async (...words: string[]) => {
      const { status, stdout } = await n.home.call('released', words);
      expect(status).toBe(5);
      return Number(stdout.trim().split(' ')[1]);
    };
    const first = await server('node', n.script, '5');
    expect(await server('node', n.script, '5')).toBe(first);
    const fresh = await server('-f', 'node', n.script, '5');
    expect(fresh).not.toBe(first);
    await until('the server that was replaced has gone', () => !alive(first));
    expect(await server('node', n.script, '5')).toBe(fresh);
    expect(await n.home.call('released', ['--kill', 'node', n.script])).toMatchObject({ status: 0, stderr: '' });
    await n.w.empty();
    expect(await server('node', n.script, '5')).not.toBe(fresh);
    expect(n.setups()).toBe(3);
  });

  test('both clients share one server of a script, whichever started it', async () => {
    for (const order of [['ours', 'released'] as const, ['released', 'ours'] as const]) {
      const n = new NodeScript(workspace(), 'describe.cjs');
      const interpreter = n.w.versionOneNode();
      for (const [index, client] of [...order, ...order].entries()) {
        const outcome = await n.home.call(client, [interpreter, n.script, client, String(index)]);
        expect(outcome).toMatchObject({ status: index, stderr: `error of ${client}\n` });
        expect(JSON.parse(outcome.stdout)).toMatchObject({
          execArgv: [],
          argv: ['node', n.script, client, `${index}`].map((word, i) =>
            i === 0 ? expect.stringMatching(/\/node$/) : word,
          ),
        });
      }
      expect(n.setups()).toBe(1);
    }
  });

  test('a client that is killed takes its call with it, and only that', async () => {
    const n = new NodeScript(workspace(), 'family.cjs');
    const calls = [n.home.start([n.script]), n.home.start([n.script])];
    const [doomed = [], other = []] = await Promise.all(
      calls.map(async (call) => (await call.line()).split(' ').map(Number)),
    );
    calls[0]?.kill('SIGKILL');
    await until('its call has ended', () => ![doomed[0], ...doomed.slice(2)].some((pid) => alive(pid as number)));
    expect(other.every(alive)).toBe(true);
    calls[1]?.kill('SIGKILL');
    await until('the other call has ended', () => !alive(other[0] as number));
  });

  test('a module that changes makes the server stale', async () => {
    const w = workspace();
    w.write('version.mjs', 'export default 1;');
    w.installPackage();
    const home = new SharedHome(w);
    const source = `import version from './version.mjs'; ${IMPORTS.mjs}\ninitialisationComplete(); console.log(version, process.ppid);`;
    const script = w.script('stale.mjs', source, { client: RELEASED_CLIENT, options: `-U,-g${home.ident}` });
    const first = await home.run([script]);
    expect(first).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^1 /) });
    expect((await home.run([script])).stdout).toBe(first.stdout);
    w.write('version.mjs', 'export default 2;');
    expect((await home.run([script])).stdout).toMatch(/^2 /);
  });
});
