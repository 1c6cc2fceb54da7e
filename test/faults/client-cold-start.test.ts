/**
 * A cold start with each of its system calls failing in turn, and with the client killed at each of them: whatever happens, the script runs
 * once, the next call works, and nobody holds the lock or a process of ours. With --strict it is an error instead.
 */
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import type { Outcome } from '../support/running.js';
import { type Call, HAS_STRACE, mayFail, straced, traceOf } from '../support/strace.js';
import { until } from '../support/until.js';
import { expectFailure, V1Script } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

const STATUS = 7;
const LIMIT_MS = 300_000;

/** A script whose every call exits with STATUS, under any ident. */
class Subject {
  readonly #script: V1Script;

  constructor(readonly w: Workspace) {
    this.#script = new V1Script(w);
  }

  command(ident: string, ...options: string[]): string[] {
    return [CLIENT, ...this.#script.arguments(['exit', String(STATUS)], ['-U', '-g', ident, ...options])];
  }

  /** How often a call has been made, by an executor or directly; and of these, directly. */
  count(): { calls: number; directs: number } {
    return { calls: this.#script.calls(), directs: this.#script.directs() };
  }

  run(ident: string): Promise<Outcome> {
    const [client, ...args] = this.command(ident);
    return this.w.run(client as string, args);
  }

  /** A call under strace, with one system call tampered with. */
  tampered(ident: string, inject: string, strict: 'strict' | 'any', ...options: string[]): Promise<Outcome> {
    const command = this.command(ident, ...(strict === 'strict' ? ['--strict'] : []));
    return straced(this.w, [...options, '-e', `inject=${inject}`], command).outcome;
  }

  /** The system calls of a call, from where the program proper begins to its end. */
  async calls(ident: string): Promise<Call[]> {
    expect(await straced(this.w, [], this.command(ident)).outcome).toMatchObject({ status: STATUS, stderr: '' });
    const trace = traceOf(this.w);
    const first = trace.findIndex(({ name }) => name === 'poll');
    const calls = trace.slice(first).filter(({ name }) => name !== 'exit_group');
    expect(first).toBeGreaterThan(0);
    return calls;
  }

  async locked(ident: string): Promise<boolean> {
    const lock = `${this.w.runDirectory}/l${ident}`;
    return (await this.w.shell('! test -e "$1" || flock --nonblock "$1" true', [lock])).status !== 0;
  }

  async expectWorks(ident: string, what: string): Promise<void> {
    expect(await this.run(ident), `the call after ${what}`).toMatchObject({ status: STATUS, stderr: '' });
    expect(await this.locked(ident), `the lock after ${what}`).toBe(false);
  }
}

/** The status of the script, or (it was strict) one line of the client's and 127. */
function expectSuccessOrFailure(outcome: Outcome, what: string): void {
  if (outcome.status === STATUS) expect(outcome.stderr, what).toBe('');
  else {
    expect(outcome, what).toMatchObject({ status: 127 });
    expectFailure(outcome);
  }
}

const describeCall = ({ name, when, line }: Call) => `${name} number ${when}: ${line.slice(0, 80)}`;

test.skipIf(!HAS_STRACE)(
  'killed at each system call of a cold start: the next call works',
  { timeout: LIMIT_MS },
  async () => {
    const subject = new Subject(workspace());
    const calls = await subject.calls('traced');
    expect(new Set(calls.map(({ name }) => name))).toEqual(
      new Set([...calls.map(({ name }) => name), 'bind', 'listen', 'flock', 'wait4', 'recvmsg']),
    );
    for (const [i, call] of calls.entries()) {
      const what = describeCall(call);
      const killed = await subject.tampered(`k${i}`, `${call.name}:signal=KILL:when=${call.when}`, 'any');
      expect(killed, what).toMatchObject({ signal: 'SIGKILL', stderr: '' });
      await subject.expectWorks(`k${i}`, what);
    }
  },
);

test.skipIf(!HAS_STRACE).each(['EIO', 'ENOMEM'])(
  'each system call of a cold start fails with %s: the script runs once, and the next call works',
  { timeout: LIMIT_MS },
  async (error) => {
    const subject = new Subject(workspace());
    const calls = (await subject.calls('traced')).filter(mayFail);
    const sent = calls.findIndex(({ name }) => name === 'sendmmsg');
    const before = subject.count();
    let runs = 0;
    for (const [i, call] of calls.entries()) {
      const what = describeCall(call);
      const outcome = await subject.tampered(`d${i}`, `${call.name}:error=${error}:when=${call.when}`, 'any');
      if (i <= sent) expect(outcome, what).toMatchObject({ status: STATUS, stderr: '' });
      else expectSuccessOrFailure(outcome, what);
      await subject.expectWorks(`d${i}`, what);
      runs += 2;
      if (i <= sent) expect(subject.count().calls, what).toBe(before.calls + runs);
      else runs = subject.count().calls - before.calls;
    }
    expect(subject.count().directs - before.directs).toBeGreaterThan(15);
  },
);

test.skipIf(!HAS_STRACE).each(['EIO', 'ENOMEM'])(
  'each system call of a strict cold start fails with %s: an answer, and the next call works',
  { timeout: LIMIT_MS },
  async (error) => {
    const subject = new Subject(workspace());
    let failures = 0;
    const calls = (await subject.calls('traced')).filter(mayFail);
    const greeting = calls.findIndex(({ name }) => name === 'recvmsg');
    for (const [i, call] of calls.entries()) {
      const what = describeCall(call);
      const ident = `e${i}`;
      const outcome = await subject.tampered(ident, `${call.name}:error=${error}:when=${call.when}`, 'strict');
      expectSuccessOrFailure(outcome, what);
      if (outcome.status === 127) {
        failures++;
        // Once it has greeted, the server is there to stay, whatever becomes of the call.
        const left = subject.w.rendezvous().filter((name) => name === `s${ident}`);
        if (i < greeting) expect(left, `left by ${what}`).toEqual([]);
      }
      await subject.expectWorks(ident, what);
    }
    expect(failures).toBeGreaterThan(15);
    expect(subject.count().directs).toBe(0);
  },
);

/** Those that a signal can interrupt, see signal(7). */
const INTERRUPTIBLE = ['poll', 'open', 'openat', 'flock', 'connect', 'wait4', 'recvmsg', 'sendmmsg', 'sendmsg', 'read'];

test.skipIf(!HAS_STRACE)(
  'each system call of a cold start is interrupted: it is taken up again',
  { timeout: LIMIT_MS },
  async () => {
    const subject = new Subject(workspace());
    const calls = (await subject.calls('traced')).filter(({ name }) => INTERRUPTIBLE.includes(name));
    for (const [i, call] of calls.entries()) {
      const outcome = await subject.tampered(`i${i}`, `${call.name}:error=EINTR:when=${call.when}`, 'strict');
      // An opendir() of the C library's is not ours to repeat, and no directory of a local file system interrupts it.
      if (call.line.includes('O_DIRECTORY')) expectSuccessOrFailure(outcome, call.line);
      else expect(outcome, call.line).toMatchObject({ status: STATUS, stderr: '' });
    }
  },
);

test.skipIf(!HAS_STRACE)('a connect that says EAGAIN, as where a queue is full, is tried again', async () => {
  const subject = new Subject(workspace());
  const outcome = await subject.tampered('again', 'connect:error=EAGAIN:when=1..5', 'strict');
  expect(outcome).toMatchObject({ status: STATUS, stderr: '' });
  expect(traceOf(subject.w).filter(({ line }) => /connect.*EAGAIN/.test(line))).toHaveLength(5);
});

const WHERE: [what: string, inject: string, says: RegExp][] = [
  ['no socket', 'socket:error=EMFILE:when=1', /cannot make a socket: .*(open files|descriptors)/],
  ['no second socket', 'socket:error=ENFILE:when=2', /cannot make a socket/],
  ['no lock', 'flock:error=ENOLCK:when=1', /cannot lock .*\/lfault: No locks/],
  ['no bind', 'bind:error=EROFS:when=1', /cannot bind .*\/sfault: Read-only/],
  ['no listen', 'listen:error=EOPNOTSUPP:when=1', /cannot listen on .*\/sfault/],
  ['no pipe', 'pipe2:error=EMFILE:when=1', /watcher's pipes/],
  ['no socket pair', 'socketpair:error=EMFILE:when=1', /socket pair/],
  ['no process for the watcher', '/^(fork|clone)$:error=EAGAIN:when=1', /cannot fork the watcher: Resource/],
  ['no process for setup', '/^(fork|clone)$:error=EAGAIN:when=2', /cannot fork for .*script: Resource/],
  ['no permission to connect', 'connect:error=EACCES:when=1', /cannot connect to .*\/sfault: Permission/],
  ['nobody to tell who listens', 'getsockopt:error=ENOTCONN:when=1', /cannot tell who listens/],
];

test.skipIf(!HAS_STRACE).each(WHERE)('%s: the error names it', async (_, inject, says) => {
  const subject = new Subject(workspace());
  // With a server there, for what happens only then.
  if (inject.startsWith('getsockopt')) await subject.expectWorks('fault', 'nothing');
  expectFailure(await subject.tampered('fault', inject, 'strict'), says);
  if (!inject.startsWith('getsockopt')) await subject.w.empty();
  await subject.expectWorks('fault', inject);
});

/** Only calls that concern this path are tampered with, and what becomes of the script without --strict. */
const CHILDREN: [what: string, path: string | undefined, inject: string, says: RegExp, direct: number][] = [
  ['setup cannot be executed', 'v1-server', 'execve:error=EACCES', /cannot execute .*v1-server: Permission/, 127],
  ['setup gets no input', '/dev/null', '/^open(at)?$:error=EACCES', /cannot open .dev.null: Permission/, STATUS],
  ['the watcher gets no session', undefined, 'setsid:error=EPERM', /session for the watcher/, STATUS],
];

test.skipIf(!HAS_STRACE).each(CHILDREN)(
  'in a child, %s: the parent runs directly; if strict one line, 127; nothing left behind',
  async (_, path, inject, says, direct) => {
    const w = workspace();
    const subject = new Subject(w);
    const paths = path === undefined ? [] : ['-P', resolve(w.directory, path)];
    const expectNothing = async () => {
      await w.empty();
      expect(w.rendezvous()).toEqual([]);
    };
    expectFailure(await subject.tampered('fault', inject, 'strict', '-f', ...paths), says);
    await expectNothing();
    const outcome = await subject.tampered('fault', inject, 'any', '-f', ...paths);
    if (direct === 127) expectFailure(outcome, says);
    else expect(outcome).toMatchObject({ status: direct, stderr: '' });
    await expectNothing();
    const runs = direct === STATUS ? 1 : 0;
    expect(subject.count()).toEqual({ calls: runs, directs: runs });
    await subject.expectWorks('fault', inject);
  },
);

test.skipIf(!HAS_STRACE)('a watcher that cannot execute itself anew watches all the same', async () => {
  const w = workspace();
  const subject = new Subject(w);
  const running = straced(
    w,
    ['-f', '-P', '/proc/self/exe', '-e', 'inject=execve:error=ENOENT'],
    subject.command('fault'),
  );
  // strace itself stays with the server and the watcher until they go.
  await until('there is a server', async () => (await subject.run('fault')).status === STATUS);
  await w.shell('rm -r "$1"', [w.runDirectory]);
  await running.outcome;
  await w.empty();
});

test.skipIf(!HAS_STRACE)('a watcher that fails to set itself up is told to the server, which goes', async () => {
  const w = workspace();
  const subject = new Subject(w);
  const running = straced(w, ['-f', '-e', 'inject=chdir:error=EIO'], subject.command('fault'));
  expect(await running.outcome).toMatchObject({ status: STATUS, stderr: '' });
  await w.empty();
  await subject.expectWorks('fault', 'a watcher that failed');
});

test.skipIf(!HAS_STRACE).each(['ENOSYS', 'EPERM'])(
  'a kernel or a sandbox that answers close_range with %s: descriptors are closed all the same',
  async (error) => {
    const w = workspace();
    const subject = new Subject(w);
    const running = straced(
      w,
      ['-f', '-e', `inject=close_range:error=${error}`, 'sh', '-c', 'exec 5</etc/passwd 8<&5; exec "$@"', 'sh'],
      subject.command('fault'),
    );
    await until('there is a server', async () => (await subject.run('fault')).status === STATUS);
    const { descriptorsOf } = await import('../support/processes.js');
    const [watcher] = w.watchers();
    expect([...descriptorsOf(watcher?.pid as number).keys()]).toEqual([0, 1, 2, 3]);
    for (const { pid } of w.processes())
      expect([...descriptorsOf(pid).values()].filter((name) => name === '/etc/passwd')).toEqual([]);
    await w.shell('rm -r "$1"', [w.runDirectory]);
    await running.outcome;
  },
);
