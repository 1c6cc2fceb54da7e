/** What the first design of the protocol does otherwise is understood: its framing of a request, and setup that is told no time stamp. */
import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES } from '../support/paths.js';
import { HAS_RELEASED_MODULE } from '../support/released.js';
import type { Outcome, StartOptions } from '../support/running.js';
import { type Workspace, workspace } from '../support/workspace.js';

function firstDesign(w: Workspace, mode: 'call' | 'start', words: string[], options?: StartOptions): Promise<Outcome> {
  const socket = join(w.runDirectory, mode === 'start' ? 'sfirst' : (socketOf(w) as string));
  return w.run('perl', [join(FIXTURES, 'first-design-client.pl'), socket, mode, ...words], options);
}

function socketOf(w: Workspace): string | undefined {
  return w.rendezvous().find((name) => name.startsWith('s'));
}

/** Without what differs between any two processes. */
function described({ stdout }: Outcome): object {
  const { pid, kernelPid, commandLine, ...rest } = JSON.parse(stdout);
  expect(pid).toBe(kernelPid);
  return rest;
}

describe.skipIf(!HAS_RELEASED_MODULE)('the first design (needs libio-fdpass-perl and chiark-scripts)', () => {
  test('its client calls a server that ours has started, and ours goes on doing so', async () => {
    const w = workspace();
    const script = w.fixture('describe.cjs', { interpreter: w.versionOneNode() });
    expect((await w.run(script, ['ours', '1'])).status).toBe(1);
    for (const [args, status] of [
      [['a', '7'], 7],
      [['', '255', 'two words', 'ä\n'], 255],
      [['zero', '0'], 0],
    ] as const) {
      const options = { input: 'some input', env: { ONLY_HERE: args[0] } };
      const outcome = await firstDesign(w, 'call', ['node', script, ...args], options);
      expect(outcome).toMatchObject({ status, signal: null, stderr: `error of ${args[0]}\n` });
      expect(described(outcome)).toEqual(described(await w.plain(script, args, options)));
      expect((await w.run(script, ['ours again', '2'])).status).toBe(2);
    }
    const setups = readFileSync(`${script}.setups`, 'utf8').trimEnd().split('\n');
    expect(setups.length, 'three plain runs and one setup').toBe(4);
  });

  test('setup without a time stamp: a server that serves, and goes with its socket', async () => {
    const w = workspace();
    w.installPackage();
    const script = w.script(
      'stampless.cjs',
      `const { initialisationComplete } = require('prefork-interp'); const setup = process.pid;
       initialisationComplete(); console.log(setup, process.ppid, process.argv.slice(2).join()); process.exitCode = Number(process.argv[2]);`,
    );
    // Later than any stamp could be, which without a stamp says nothing.
    utimesSync(script, new Date(), new Date(Date.now() + 3_600_000));
    const first = await firstDesign(w, 'start', ['node', script, '3']);
    expect(first).toMatchObject({ status: 3, signal: null, stderr: '' });
    const [setup, server] = first.stdout.split(' ');
    for (const status of [4, 0]) {
      const next = await firstDesign(w, 'call', ['node', script, String(status), 'x']);
      expect(next).toMatchObject({ status, stdout: `${setup} ${server} ${status},x\n`, stderr: '' });
    }
  });

  test('without a time stamp, a file that is not the one that it was makes a server stale', async () => {
    const w = workspace();
    w.installPackage();
    const source = `require('prefork-interp').initialisationComplete(); console.log(process.ppid);`;
    const script = w.script('changes.cjs', source);
    expect((await firstDesign(w, 'start', ['node', script])).status).toBe(0);
    w.script('changes.cjs', `${source} // changed`);
    const refused = await firstDesign(w, 'call', ['node', script]);
    expect(refused.stderr).toBe('the server closed the connection after 0 bytes of 8\n');
    await w.empty();
  });
});
