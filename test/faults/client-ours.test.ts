/**
 * Calls of version 2 with each of the client's system calls failing in turn: until the call is committed, the script's outcome is the plain
 * script's, and it runs once. With --strict it is an error instead.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DIRECT, FakeV2 } from '../support/fake-v2.js';
import { CLIENT } from '../support/paths.js';
import { descriptorsOf, processOf } from '../support/processes.js';
import type { Outcome } from '../support/running.js';
import { type Call, HAS_STRACE, mayFail, straced, traceOf } from '../support/strace.js';
import { until } from '../support/until.js';
import { expectFailure } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

const LIMIT_MS = 600_000;
const EXPECTED = { status: 7, signal: null, stdout: 'one two\n', stderr: '' };

/** A script whose calls say what they were told, and note that they have run: warm, or directly. */
class Subject {
  readonly #script: string;

  constructor(readonly w: Workspace) {
    this.#script = w.script(
      'notes.cjs',
      `process.preforkInterp?.initialisationComplete();
       require('fs').appendFileSync('runs', process.preforkInterp ? 'warm\\n' : 'direct\\n');
       console.log(...process.argv.slice(2)); process.exitCode = 7;`,
    );
  }

  command(...options: string[]): string[] {
    return [CLIENT, '-U', ...options, 'node', this.#script, 'one', 'two'];
  }

  run(...options: string[]): Promise<Outcome> {
    const [program, ...args] = this.command(...options);
    return this.w.run(program as string, args);
  }

  /** How it has been run since this was asked for the last time. */
  runs(): string[] {
    const path = this.w.path('runs');
    const all = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
    const since = all.slice(this.#seen);
    this.#seen = all.length;
    return since;
  }
  #seen = 0;

  tampered(inject: string, options: string[], ...flags: string[]): Promise<Outcome> {
    return straced(this.w, [...flags, '-e', `inject=${inject}`], this.command(...options)).outcome;
  }

  /** The system calls of a call, from where the program proper begins. */
  async calls(): Promise<Call[]> {
    expect(await straced(this.w, [], this.command()).outcome).toMatchObject(EXPECTED);
    const trace = traceOf(this.w);
    const first = trace.findIndex(({ name }) => name === 'poll');
    return trace.slice(first).filter((call) => mayFail(call) && call.name !== 'exit_group');
  }
}

test.skipIf(!HAS_STRACE)('a warm call: few system calls, and one of them sends it', async () => {
  const subject = new Subject(workspace());
  await subject.run();
  const calls = await subject.calls();
  const sent = calls.findIndex(({ name }) => name === 'sendmsg');
  expect(calls.filter(({ name }) => /^(send|write)/.test(name))).toHaveLength(1);
  // Identity takes the most of them: 16 limits, 8 namespaces, and what else the executor cannot be given.
  const before = calls.slice(0, sent).filter(({ name }) => name !== 'readlink' && name !== 'stat');
  expect(before.map(({ name }) => name).length).toBeLessThanOrEqual(64);
  expect(before.filter(({ name }) => ['brk', 'mmap', 'fcntl', 'execve', 'fork', 'clone'].includes(name))).toEqual([]);
  expect(calls.length - sent).toBeLessThanOrEqual(10);
});

test.skipIf(!HAS_STRACE)(
  'each system call of a warm call fails: the script runs once',
  { timeout: LIMIT_MS },
  async () => {
    const subject = new Subject(workspace());
    await subject.run();
    const calls = await subject.calls();
    const sent = calls.findIndex(({ name }) => name === 'sendmsg');
    expect(sent).toBeGreaterThan(30);
    const how = new Set<string>();
    for (const { name, when, line } of calls.slice(0, sent + 1)) {
      subject.runs();
      expect(await subject.tampered(`${name}:error=EIO:when=${when}`, []), line).toEqual(EXPECTED);
      const runs = subject.runs();
      expect(runs, line).toHaveLength(1);
      how.add(runs[0] as string);
    }
    // Some are not needed, some make it another server's call, and the others are what this is about.
    expect(how).toEqual(new Set(['warm', 'direct']));
  },
);

test.skipIf(!HAS_STRACE)(
  'each of them fails, and the call is strict: an error, or the call',
  { timeout: LIMIT_MS },
  async () => {
    const subject = new Subject(workspace());
    await subject.run();
    const calls = await subject.calls();
    const sent = calls.findIndex(({ name }) => name === 'sendmsg');
    let failures = 0;
    for (const { name, when, line } of calls.slice(0, sent + 1)) {
      subject.runs();
      const outcome = await subject.tampered(`${name}:error=EIO:when=${when}`, ['--strict']);
      if (outcome.status === 127) expectFailure(outcome);
      else expect(outcome, line).toEqual(EXPECTED);
      expect(subject.runs(), line).toEqual(outcome.status === 127 ? [] : ['warm']);
      if (outcome.status === 127) failures++;
    }
    expect(failures).toBeGreaterThan(20);
  },
);

/** What a cold start needs of the system, in the client and on the way to its children; and what it says where that is not to be had. */
const COLD: [what: string, inject: string, says: RegExp, ...flags: string[]][] = [
  ['no lock', 'flock:error=ENOLCK:when=1', /cannot lock/],
  ['no socket', 'socket:error=EMFILE:when=1', /cannot make a socket/],
  ['no socket for the listener', 'socket:error=ENFILE:when=3', /cannot make a socket for/],
  ['no room for the socket', 'bind:error=ENOSPC:when=1', /cannot bind .*: No space/],
  ['no listener', 'listen:error=EOPNOTSUPP:when=1', /cannot listen/],
  ['no socket pair', 'socketpair:error=EMFILE:when=1', /socket pair/],
  ['no pipe', 'pipe2:error=EMFILE:when=1', /watcher's pipes/],
  ['no process for the watcher', '/^(fork|clone)$:error=EAGAIN:when=1', /cannot fork the watcher/],
  ['no process for setup', '/^(fork|clone)$:error=EAGAIN:when=2', /cannot fork for/],
  ['no end of setup', 'wait4:error=EINVAL:when=2', /cannot wait for/],
  ['no signals', 'signalfd4:error=EMFILE:when=3', /cannot see the signals/],
  ['no sending', 'sendmsg:error=ENOBUFS:when=1', /cannot send the call/],
];

test.skipIf(!HAS_STRACE).each(COLD)(
  'cold, %s: directly, once, and nothing is left behind',
  async (_, inject, says, ...flags) => {
    const w = workspace();
    const subject = new Subject(w);
    expectFailure(await subject.tampered(inject, ['--strict'], ...flags), says);
    expect(subject.runs()).toEqual([]);
    await w.empty();
    expect(await subject.tampered(inject, [], ...flags)).toEqual(EXPECTED);
    expect(subject.runs()).toEqual(['direct']);
    await w.empty();
    expect(await subject.run()).toEqual(EXPECTED);
    expect(subject.runs()).toEqual(['warm']);
  },
);

/** Stops the server, and sees to it that the lock file names it. */
async function stopServer(w: Workspace): Promise<number> {
  const { pid } = w.server();
  process.kill(pid, 'SIGSTOP');
  await until('the server stands still', () => processOf(pid)?.state === 'T');
  return pid;
}

test('a server that stands still: directly, and what it wakes up to is not run again', async () => {
  const w = workspace();
  const subject = new Subject(w);
  await subject.run();
  subject.runs();
  const env = { PREFORK_INTERP_START_LIMIT_MS: '100' };
  const [program, ...args] = subject.command();
  for (let call = 0; call < 3; call++) {
    const server = await stopServer(w);
    // By pipes, which come to their end once the server has let go of what it was sent.
    expect(await w.run(program as string, args, { env })).toEqual(EXPECTED);
    await until('it goes on', () => processOf(server)?.state !== 'T');
  }
  expect(subject.runs()).toEqual(['direct', 'direct', 'direct']);
  expect(await subject.run()).toEqual(EXPECTED);
  await until('the server has nothing to do', () => w.servers().length === 1);
  expect(subject.runs()).toEqual(['warm']);
});

test('a call that is ended by a signal while the server stands still leaves no pipe open', async () => {
  const w = workspace();
  const subject = new Subject(w);
  await subject.run();
  subject.runs();
  const server = await stopServer(w);
  const [program, ...args] = subject.command();
  const call = w.start(program as string, args);
  await until('it sees signals', () => [...descriptorsOf(call.pid).values()].some((what) => /signalfd/.test(what)));
  call.kill('SIGTERM');
  expect(await call.outcome).toEqual({ status: null, signal: 'SIGTERM', stdout: '', stderr: '' });
  await until('it goes on', () => processOf(server)?.state !== 'T');
  expect(subject.runs()).toEqual([]);
});

test('a lock file that names a process that is no server: that is left alone', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w);
  const other = w.start('sleep', ['1000']);
  onTestFinished(() => other.kill('SIGKILL'));
  other.kill('SIGSTOP');
  await until('it stands still', () => processOf(other.pid)?.state === 'T');
  writeFileSync(join(w.runDirectory, 'l2.fake'), `${other.pid}\n`);
  expect(await fake.run([], { env: { PREFORK_INTERP_START_LIMIT_MS: '50' } })).toMatchObject(DIRECT);
  expect(processOf(other.pid)?.state).toBe('T');
  other.kill('SIGKILL');
  await other.outcome;
});
