/** Our client runs scripts that use the released Perl module. */
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENT, FIXTURES } from '../support/paths.js';
import { alive } from '../support/processes.js';
import { HAS_RELEASED_MODULE } from '../support/released.js';
import type { Outcome, Running, StartOptions } from '../support/running.js';
import { until } from '../support/until.js';
import { expectFailure } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

const CALLERS = 32;

class PerlScript {
  readonly script: string;
  readonly env: NodeJS.ProcessEnv;

  constructor(
    readonly w: Workspace,
    /** What the script gives to the module, as Perl. */
    options = '',
  ) {
    this.script = w.script('call', readFileSync(join(FIXTURES, 'call.pl'), 'utf8'), {
      interpreter: '/usr/bin/perl',
    });
    // Older than the socket by far: a script that is newer by a tick makes the server retire.
    utimesSync(this.script, 1, 1);
    this.env = { SETUP_LOG: w.path('setups'), SETUP_OPTIONS: options };
  }

  start(call: readonly string[], options: StartOptions = {}): Running {
    return this.w.start(this.script, call, { ...options, env: { ...this.env, ...options.env } });
  }

  run(call: readonly string[], options?: StartOptions): Promise<Outcome> {
    return this.start(call, options).outcome;
  }

  client(options: string[], call: readonly string[]): Promise<Outcome> {
    return this.w.run(CLIENT, ['-U', ...options, '/usr/bin/perl', this.script, ...call], { env: this.env });
  }

  setups(): number {
    const log = this.env['SETUP_LOG'] as string;
    return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
  }

  async server(): Promise<number> {
    return Number((await this.run(['server'])).stdout);
  }
}

describe.skipIf(!HAS_RELEASED_MODULE)('Proc::Prefork::Interp (needs chiark-scripts and libio-fdpass-perl)', () => {
  test('arguments arrive as they are, cold and warm; setup runs once', async () => {
    const p = new PerlScript(workspace());
    const words = ['args', '', 'two words', 'ä\n\t', '-U', '--', "'"];
    for (const call of ['cold', 'warm', 'warm again']) {
      const { stdout, stderr, status } = await p.run(words);
      expect(stdout.split('\0').slice(0, -1), call).toEqual(words);
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    }
    expect(p.setups()).toBe(1);
  });

  test('interpreter arguments of the #! line reach perl, and not the call', async () => {
    const w = workspace();
    const source =
      'use Proc::Prefork::Interp;\nprefork_initialisation_complete(log_facility => "");\nprint "$^W @ARGV[1..$#ARGV]";\n';
    const script = w.script('flags', source, { interpreter: '/usr/bin/perl,-w' });
    for (const _ of ['cold', 'warm']) expect((await w.run(script, ['a', 'b'])).stdout).toBe(`1 ${script} a b`);
  });

  test('the environment is that of the call', async () => {
    const w = workspace();
    const p = new PerlScript(w);
    for (const value of ['first', '', 'a=b', 'line\nfeed', 'ünï']) {
      const { stdout } = await p.run(['env'], { env: { VARIABLE: value, [`ONLY_${value.length}`]: 'here' } });
      const entries = stdout.split('\0').slice(0, -1);
      const expected = { ...w.env, ...p.env, VARIABLE: value, [`ONLY_${value.length}`]: 'here' };
      expect(entries.filter((entry) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(entry))).toEqual(
        Object.entries(expected)
          .map(([name, text]) => `${name}=${text}`)
          .sort(),
      );
    }
    expect(p.setups()).toBe(1);
  });

  test('10 MB through a pipe both ways arrive whole', async () => {
    const p = new PerlScript(workspace());
    const input = Buffer.alloc(10_000_000, 'some bytes that are not of a length of two');
    for (const call of ['cold', 'warm']) expect((await p.run(['cat'], { input })).bytes.equals(input), call).toBe(true);
  });

  test('exit statuses 0 to 255, where the script leaves by POSIX::_exit', { timeout: 120_000 }, async () => {
    const p = new PerlScript(workspace());
    for (let status = 0; status < 256; status++) {
      expect(await p.run(['exit', String(status)])).toMatchObject({ status, signal: null, stderr: '' });
    }
    expect(p.setups()).toBe(1);
  });

  test.each(['HUP', 'INT', 'KILL', 'PIPE', 'TERM'])(
    'a script that SIG%s ends: the client ends by the same',
    async (name) => {
      const p = new PerlScript(workspace());
      for (const _ of ['cold', 'warm']) {
        expect(await p.run(['signal', name])).toMatchObject({ status: null, signal: `SIG${name}`, stderr: '' });
      }
    },
  );

  test.each([
    ['USR1', 10],
    ['ALRM', 14],
    ['XCPU', 24],
  ])('a script that SIG%s ends: one line, 127', async (name, number) => {
    const p = new PerlScript(workspace());
    const outcome = await p.w.shell('ulimit -c 0; exec "$@"', [p.script, 'signal', name], { env: p.env });
    expectFailure(outcome, new RegExp(`${p.script} was killed by signal ${number} \\(`));
  });

  test('concurrent calls, more than the module serves at once, each get their own', async () => {
    const p = new PerlScript(workspace());
    const calls = Array.from({ length: 24 }, async (_, i) => {
      const { stdout } = await p.run(['cat'], { input: `call ${i}` });
      expect(stdout).toBe(`call ${i}`);
    });
    await Promise.all(calls);
    expect(p.setups()).toBe(1);
  });

  test(`${CALLERS} simultaneous first calls start exactly one server`, async () => {
    const p = new PerlScript(workspace());
    const outcomes = await Promise.all(Array.from({ length: CALLERS }, (_, i) => p.run(['exit', String(i)])));
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: CALLERS }, (_, i) => i));
    expect(p.setups()).toBe(1);
  });

  test('-f starts a server in place of the running one; --kill ends it', async () => {
    const w = workspace();
    const p = new PerlScript(w);
    expect(await p.client([], ['exit', '1'])).toMatchObject({ status: 1 });
    const [first] = w.watchers();
    expect(await p.client(['-f'], ['exit', '2'])).toMatchObject({ status: 2, stderr: '' });
    expect(p.setups()).toBe(2);
    await until("the first server's watcher has gone", () => !alive(first?.pid as number));
    expect(await p.client([], ['exit', '3'])).toMatchObject({ status: 3 });
    expect(p.setups()).toBe(2);
    expect(await p.client(['--kill'], ['exit', '4'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
    await w.empty();
    expect(w.rendezvous()).toEqual([]);
    expect(await p.client([], ['exit', '5'])).toMatchObject({ status: 5 });
    expect(p.setups()).toBe(3);
  });

  test('chmod and touch of the socket leave server and watcher alone', async () => {
    const w = workspace();
    const p = new PerlScript(w);
    const server = await p.server();
    const socket = w.rendezvous().find((name) => name.startsWith('s')) as string;
    await w.shell('chmod 700 "$1"; touch "$1"', [join(w.runDirectory, socket)]);
    expect(await p.server()).toBe(server);
    expect(w.watchers()).toHaveLength(1);
  });

  test('a script that has changed: the server retires with the call in its queue, and the client starts a new one', async () => {
    const w = workspace();
    const p = new PerlScript(w);
    await p.server();
    utimesSync(p.script, new Date(), new Date(Date.now() + 3_600_000));
    expect(await p.run(['exit', '6'])).toMatchObject({ status: 6, stderr: '' });
    expect(p.setups()).toBe(2);
  });

  test('a client that is killed takes its call with it, and only that one', async () => {
    const w = workspace();
    const p = new PerlScript(w);
    const server = await p.server();
    const [one, other] = [p.start(['wait']), p.start(['wait'])];
    const pids = await Promise.all([one, other].map(async (running) => Number((await running.line()).split(' ')[1])));
    one.kill('SIGKILL');
    await until('its call has ended', () => !alive(pids[0] as number));
    expect(alive(pids[1] as number)).toBe(true);
    other.kill('SIGTERM');
    await until('the other has ended', () => !alive(pids[1] as number));
    await Promise.all([one.outcome, other.outcome]);
    expect(await p.server()).toBe(server);
  });

  test('a monitor that is killed: one line, 127; a server that is killed: the next call starts afresh', async () => {
    const w = workspace();
    const p = new PerlScript(w);
    const server = await p.server();
    const running = p.start(['wait']);
    const call = Number((await running.line()).split(' ')[1]);
    const monitor = Number(/\) \S+ (\d+)/.exec(readFileSync(`/proc/${call}/stat`, 'utf8'))?.[1]);
    process.kill(monitor, 'SIGKILL');
    // The released module leaves the script running then, with the call's standard output open.
    await until('the client has ended', () => running.child.exitCode !== null);
    process.kill(call, 'SIGKILL');
    const outcome = await running.outcome;
    expectFailure({ ...outcome, stdout: '' }, /lost the server of .*: it went without telling/);
    process.kill(server, 'SIGKILL');
    expect(await p.run(['exit', '7'])).toMatchObject({ status: 7, stderr: '' });
    expect(p.setups()).toBe(2);
  });

  test('a server that leaves when idle: the watcher goes too, and the next call starts afresh', async () => {
    const w = workspace();
    const p = new PerlScript(w, 'idle_timeout => 0.05');
    expect(await p.run(['exit', '8'])).toMatchObject({ status: 8 });
    await w.empty();
    expect(await p.run(['exit', '9'])).toMatchObject({ status: 9, stderr: '' });
    expect(p.setups()).toBe(2);
  });

  test('a script that dies in its initialisation: its message and status, nothing left', async () => {
    const w = workspace();
    const script = w.script('dies', 'use Proc::Prefork::Interp;\ndie "no use\\n";\n', { interpreter: '/usr/bin/perl' });
    expect(await w.run(script)).toMatchObject({ status: 255, stdout: '', stderr: 'no use\n' });
    expect(w.rendezvous()).toEqual([]);
  });

  test('a script that never completes its initialisation: one line, 127', async () => {
    const w = workspace();
    const script = w.script('ends', 'use Proc::Prefork::Interp;\n', { interpreter: '/usr/bin/perl' });
    expectFailure(await w.run(script), script, /initialisation complete/);
  });
});
