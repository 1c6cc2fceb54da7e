/** The system facilities that the addon offers, each used for real, and each failing for real. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import * as native from '../../src/native.js';
import { ForkChecks } from '../support/fork-check.js';

const checks = new ForkChecks();
afterAll(() => checks.remove());

const CLOSED = 1_000_000;
const { signals } = constants;

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

const openDescriptors = () => readdirSync('/proc/self/fd').length;
const isCloseOnExec = (fd: number) => /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
const carriesCloseOnExec = (fd: number) => (Number.parseInt(isCloseOnExec(fd) as string, 8) & 0o2000000) !== 0;

function pair<T>(use: (a: number, b: number) => T): T {
  const ends = native.socketPair();
  try {
    return use(...ends);
  } finally {
    for (const end of ends) if (isOpen(end)) native.close(end);
  }
}

function failure(action: () => unknown): Record<string, unknown> {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(native.SystemError);
    const { code, errno, syscall, subject, message } = error as native.SystemError;
    return { code, errno, syscall, subject, message };
  }
  throw new Error('it did not fail');
}

describe('errors', () => {
  test('name the call, what it was about, and why', () => {
    expect(failure(() => native.accept(CLOSED))).toEqual({
      code: 'EBADF',
      errno: constants.errno.EBADF,
      syscall: 'accept4',
      subject: `descriptor ${CLOSED}`,
      message: `accept4 descriptor ${CLOSED}: Bad file descriptor (EBADF)`,
    });
  });

  const failing: [string, () => unknown, string][] = [
    ['peerCredentials', () => native.peerCredentials(CLOSED), 'EBADF'],
    ['boundPath', () => native.boundPath(CLOSED), 'EBADF'],
    ['receive', () => native.receive(CLOSED, new Uint8Array(1), 0), 'EBADF'],
    ['receive, too many asked for', () => native.receive(0, new Uint8Array(1), 100), 'EINVAL'],
    ['send', () => native.send(CLOSED, new Uint8Array(1)), 'EBADF'],
    ['send, too many given', () => native.send(0, new Uint8Array(1), new Array(100).fill(0)), 'EINVAL'],
    ['readSignals', () => native.readSignals(CLOSED), 'EBADF'],
    ['blockSignals', () => native.blockSignals([1000]), 'EINVAL'],
    ['openSignals', () => native.openSignals([0]), 'EINVAL'],
    ['shutdown', () => native.shutdown(CLOSED, 'both'), 'EBADF'],
    ['close', () => native.close(CLOSED), 'EBADF'],
    ['duplicateAbove', () => native.duplicateAbove(CLOSED, 3), 'EBADF'],
    ['duplicateTo', () => native.duplicateTo(CLOSED, CLOSED + 1), 'EBADF'],
    ['statusFlags', () => native.statusFlags(CLOSED), 'EBADF'],
    ['setStatusFlags', () => native.setStatusFlags(CLOSED, 0), 'EBADF'],
    ['setCloseOnExec', () => native.setCloseOnExec(CLOSED, true), 'EBADF'],
    ['lock', () => native.lock(CLOSED, 'exclusive', false), 'EBADF'],
    ['wait', () => native.wait(process.pid, true), 'ECHILD'],
    ['openProcess', () => native.openProcess(2 ** 22 + 1), 'ESRCH'],
    ['setProcessGroup', () => native.setProcessGroup(2 ** 22 + 1, 0), 'ESRCH'],
    ['setParentDeathSignal', () => native.setParentDeathSignal(1000), 'EINVAL'],
    ['sendSignal', () => native.sendSignal(2 ** 22 + 1, 0), 'ESRCH'],
    ['sendSignal to a group', () => native.sendSignal(-(2 ** 22 + 1), 0), 'ESRCH'],
    ['sendDatagram', () => native.sendDatagram('/nowhere/socket', new Uint8Array(1)), 'ENOENT'],
    [
      'sendDatagram, path too long',
      () => native.sendDatagram(`/${'x'.repeat(200)}`, new Uint8Array(1)),
      'ENAMETOOLONG',
    ],
  ];
  test.each(failing)('%s', (_name, action, code) => {
    expect(failure(action)).toMatchObject({ code });
  });
});

describe('poll', () => {
  test('says what is ready, and leaves what is not', () =>
    pair((a, b) => {
      const set = Int32Array.of(a, native.POLLIN, 99, b, native.POLLIN | native.POLLOUT, 99);
      expect(native.poll(set, 0)).toBe(1);
      expect([...set]).toEqual([a, native.POLLIN, 0, b, native.POLLIN | native.POLLOUT, native.POLLOUT]);
      native.send(b, Buffer.from('x'));
      expect(native.poll(set, -1)).toBe(2);
      expect(set[2]).toBe(native.POLLIN);
      native.close(b);
      expect(native.poll(set, -1)).toBe(2);
      expect([set[2], set[5]]).toEqual([native.POLLIN | native.POLLHUP, native.POLLNVAL]);
    }));

  test('waits as long as it is told, signals or not', () => {
    const handler = () => {};
    process.on('SIGWINCH', handler);
    const child = spawn('sh', ['-c', `for i in 1 2 3 4 5; do kill -WINCH ${process.pid}; sleep 0.02; done`]);
    const from = performance.now();
    expect(native.poll(new Int32Array(0), 250)).toBe(0);
    expect(performance.now() - from).toBeGreaterThanOrEqual(249);
    process.off('SIGWINCH', handler);
    return once(child, 'exit');
  });
});

describe('sockets', () => {
  test('bytes and descriptors arrive, close-on-exec', () =>
    pair((a, b) => {
      const [given, kept] = native.socketPair();
      expect(native.send(a, Buffer.from('hello'), [given, given])).toBe(5);
      const into = new Uint8Array(16);
      const { bytes, descriptors } = native.receive(b, into, 2);
      expect(Buffer.from(into.subarray(0, bytes)).toString()).toBe('hello');
      expect(descriptors).toHaveLength(2);
      for (const fd of [...descriptors, a, b]) expect(carriesCloseOnExec(fd)).toBe(true);
      expect(fstatSync(descriptors[0] as number).ino).toBe(fstatSync(given).ino);
      for (const fd of [...descriptors, given, kept]) native.close(fd);
    }));

  test('too many descriptors are closed, every one', () =>
    pair((a, b) => {
      native.send(a, Buffer.from('x'), [0, 1, 2]);
      const before = openDescriptors();
      expect(failure(() => native.receive(b, new Uint8Array(4), 2))).toMatchObject({
        code: 'EMSGSIZE',
        syscall: 'recvmsg',
      });
      expect(openDescriptors()).toBe(before);
    }));

  test('the end of the stream is no bytes; a peer that is gone is EPIPE and no signal', () =>
    pair((a, b) => {
      native.shutdown(a, 'write');
      expect(native.receive(b, new Uint8Array(4), 0)).toEqual({ bytes: 0, descriptors: [] });
      native.close(a);
      expect(failure(() => native.send(b, Buffer.from('x')))).toMatchObject({ code: 'EPIPE', syscall: 'sendmsg' });
    }));

  test('flags are passed on', () =>
    pair((a, b) => {
      expect(failure(() => native.receive(b, new Uint8Array(4), 0, native.MSG_DONTWAIT))).toMatchObject({
        code: 'EAGAIN',
      });
      native.send(a, Buffer.from('xy'));
      expect(native.receive(b, new Uint8Array(4), 0, native.MSG_PEEK).bytes).toBe(2);
      expect(native.receive(b, new Uint8Array(1), 0).bytes).toBe(1);
      const full = () => {
        for (;;) native.send(a, new Uint8Array(65536), [], native.MSG_DONTWAIT);
      };
      expect(failure(full)).toMatchObject({ code: 'EAGAIN', syscall: 'sendmsg' });
    }));

  test('a connection is accepted, and says who made it', async () => {
    // Node listens, and its event loop, which would accept, does not turn meanwhile.
    const path = join(checks.directory, 'listener');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const listener = (server as unknown as { _handle: { fd: number } })._handle.fd;
    const child = spawn(process.execPath, [
      '-e',
      `require('net').connect(${JSON.stringify(path)}).on('error', () => {})`,
    ]);
    expect(native.poll(Int32Array.of(listener, native.POLLIN, 0), 10_000)).toBe(1);
    const connection = native.accept(listener);
    expect(native.boundPath(listener)).toBe(path);
    expect(native.peerCredentials(connection)).toEqual({
      pid: child.pid,
      uid: process.getuid?.(),
      gid: process.getgid?.(),
    });
    expect(carriesCloseOnExec(connection)).toBe(true);
    expect(native.statusFlags(connection) & 0o4000).toBe(0);
    native.close(connection);
    child.kill();
    server.close();
    await once(child, 'exit');
  });
});

describe('descriptors', () => {
  test('duplicateAbove, duplicateTo and their flag', () => {
    const [a, b] = native.socketPair();
    const copy = native.duplicateAbove(a, 700);
    expect(copy).toBeGreaterThanOrEqual(700);
    expect(carriesCloseOnExec(copy)).toBe(true);
    native.duplicateTo(a, 701 + (copy === 701 ? 1 : 0));
    const target = copy === 701 ? 702 : 701;
    expect(carriesCloseOnExec(target)).toBe(false);
    native.duplicateTo(copy, copy);
    expect(carriesCloseOnExec(copy)).toBe(false);
    native.setCloseOnExec(copy, true);
    expect(carriesCloseOnExec(copy)).toBe(true);
    for (const fd of [a, b, copy, target]) native.close(fd);
  });

  test('a pipe carries bytes one way, is closed by execve(2), and ends', () => {
    const [reads, writes] = native.pipe();
    expect([reads, writes].map(carriesCloseOnExec)).toEqual([true, true]);
    writeSync(writes, 'through');
    native.close(writes);
    const into = Buffer.alloc(32);
    expect(into.toString('utf8', 0, readSync(reads, into))).toBe('through');
    expect(readSync(reads, into)).toBe(0);
    expect(() => writeSync(reads, 'x')).toThrow(/EBADF/);
    native.close(reads);
  });

  test('status flags are read and set', () =>
    pair((a) => {
      const O_NONBLOCK = 0o4000;
      native.setStatusFlags(a, native.statusFlags(a) | O_NONBLOCK);
      expect(native.statusFlags(a) & O_NONBLOCK).toBe(O_NONBLOCK);
      expect(failure(() => native.receive(a, new Uint8Array(1), 0))).toMatchObject({ code: 'EAGAIN' });
    }));

  test('locks exclude each other, shared ones do not', () => {
    const path = join(checks.directory, 'lock');
    const [one, two] = [openSync(path, 'w'), openSync(path, 'r')];
    expect(native.lock(one, 'exclusive', false)).toBe(true);
    expect(native.lock(two, 'exclusive', false)).toBe(false);
    expect(native.lock(two, 'shared', false)).toBe(false);
    expect(native.lock(one, 'shared', true)).toBe(true);
    expect(native.lock(two, 'shared', false)).toBe(true);
    expect(native.lock(two, 'unlock', true)).toBe(true);
    expect(native.lock(one, 'exclusive', true)).toBe(true);
    for (const fd of [one, two]) closeSync(fd);
  });

  test('closeAll closes what is open, and nothing else', () => {
    const [one, two] = native.socketPair();
    const [three, four] = native.socketPair();
    native.closeAll([one, -1, three]);
    for (const closed of [one, three]) expect(() => native.statusFlags(closed)).toThrow(/EBADF/);
    for (const open of [two, four]) expect(native.statusFlags(open)).toBeGreaterThan(0);
    native.closeAll([two, four]);
  });
});

describe('processes', () => {
  test('wait, pidfd and signals', async () => {
    const source = `const { native } = globalThis; const out = [];
      const pid = native.fork(); if (pid === 0) native.poll(new Int32Array(0), -1);
      const pidfd = native.openProcess(pid); const set = Int32Array.of(pidfd, native.POLLIN, 0);
      out.push(native.wait(pid, true), native.poll(set, 0)); native.sendSignal(pid, 9); out.push(native.poll(set, -1), native.wait(-1, false).pid === pid);
      const leaving = native.fork(); if (leaving === 0) native.exitNow(77);
      out.push(native.wait(leaving, false).status >> 8); console.log(JSON.stringify(out)); native.exitNow(0);`;
    expect((await checks.forked(source)).stdout).toBe('[null,0,1,true,77]\n');
  });

  test('groups, sessions, parents', async () => {
    const source = `const { native } = globalThis; const stat = () => require('node:fs').readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
      const parent = native.processId();
      const pid = native.fork();
      if (pid === 0) {
        const [, ppid, before] = stat(); native.setProcessGroup(0, 0); const [, , after] = stat();
        console.log(native.parentPid() === parent, Number(ppid) === parent, before !== after, Number(after) === native.processId());
        const inner = native.fork();
        if (inner === 0) { native.setSession(); console.log(Number(stat()[3]) === native.processId()); native.exitNow(0); }
        native.wait(inner, false); native.exitNow(0);
      }
      native.wait(pid, false); native.exitNow(0);`;
    expect((await checks.forked(source)).stdout).toBe('true true true true\ntrue\n');
  });

  test('a death signal takes a child with its parent', async () => {
    const source = `const { native } = globalThis; const [reads, writes] = native.socketPair();
      const middle = native.fork();
      if (middle === 0) {
        const child = native.fork();
        if (child === 0) { native.setParentDeathSignal(9); native.send(writes, Buffer.from('r')); native.poll(new Int32Array(0), 20_000); native.exitNow(0); }
        native.poll(Int32Array.of(reads, native.POLLIN, 0), -1); native.exitNow(0);
      }
      native.wait(middle, false); native.close(writes);
      // The child holds the other end: it is closed when that is dead.
      native.receive(reads, new Uint8Array(1), 0);
      console.log(native.poll(Int32Array.of(reads, native.POLLIN, 0), 10_000), native.receive(reads, new Uint8Array(1), 0).bytes); native.exitNow(0);`;
    expect((await checks.forked(source)).stdout).toBe('1 0\n');
  });

  test('the name of the thread', async () => {
    const source = `const { native } = globalThis; native.setThreadName('a name that is too long'); console.log(native.threadName()); native.exitNow(0);`;
    expect((await checks.forked(source)).stdout).toBe('a name that is \n');
  });

  test('random bytes fill all, and differ', () => {
    const [one, two] = [new Uint8Array(100_000), new Uint8Array(100_000)];
    native.randomBytes(one);
    native.randomBytes(two);
    expect(Buffer.compare(one, two)).not.toBe(0);
    expect(new Set(one.subarray(-1000)).size).toBeGreaterThan(100);
  });

  test('numbers of signals', () => {
    expect(native.signalNumber('SIGTERM')).toBe(signals.SIGTERM);
  });
});

describe('what a process shows', () => {
  test('the environment, byte for byte, in JavaScript and in what it starts', async () => {
    const source = `const { native } = globalThis; const { execFileSync } = require('node:child_process');
      const entries = Buffer.concat([Buffer.from('PATH=' + process.env.PATH + '\\0A=1\\0EMPTY=\\0EQUALS=a=b\\0'), Buffer.from([0x42, 0x3d, 0xff, 0xfe, 0])]);
      native.replaceEnvironment(entries);
      console.log(Object.keys(process.env).join(), process.env.A, process.env.EMPTY === '', process.env.EQUALS, process.env.HOME);
      process.env.A = '2'; process.env.NEW = '3'; delete process.env.EMPTY;
      console.log(execFileSync('env').toString('latin1').split('\\n').filter((l) => !l.startsWith('PATH')).sort().join('|'));
      console.log(execFileSync('sh', ['-c', 'printf %s "$B" | od -An -tx1']).toString().trim());
      native.replaceEnvironment(new Uint8Array(0)); console.log(Object.keys(process.env).length, process.env.A); native.exitNow(0);`;
    const { stdout } = await checks.forked(source);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'PATH,A,EMPTY,EQUALS,B 1 true a=b undefined',
      // Node takes what is not UTF-8 for replacement characters when it copies it for a child: so did it ever.
      expect.stringMatching(/^\|A=2\|B=.*\|EQUALS=a=b\|NEW=3$/),
      expect.any(String),
      '0 undefined',
    ]);
  });

  const line = (source: string) =>
    `const { native } = globalThis; const shown = () => JSON.stringify(require('node:fs').readFileSync('/proc/self/cmdline', 'utf8'));
     const set = (...words) => native.setCommandLine(Buffer.from(words.map((w) => w + '\\0').join('')));
     const pid = native.fork(); if (pid === 0) { ${source} native.exitNow(0); } native.wait(pid, false); native.exitNow(0);`;

  test('the command line, shorter and longer than it was', async () => {
    const { stdout } = await checks.forked(
      line(`set('node', 'short'); console.log(shown()); set('node', 'l'.repeat(5000), '', 'end'); console.log(shown().length, shown().endsWith('end\\\\u0000"'));
            set('node', 'again'); console.log(shown()); console.log(process.title === 'node' || process.title.endsWith('node'));`),
    );
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      JSON.stringify('node\0short\0'),
      // Five bytes, 5000, none, three, each with a NUL (six characters in JSON), and the quotes.
      `${4 + 5000 + 0 + 3 + 4 * 6 + 2} true`,
      JSON.stringify('node\0again\0'),
      'true',
    ]);
  });

  test('ps shows it', () => {
    const facade = checks.facade;
    const script = `const native = require(${JSON.stringify(facade)}); native.setCommandLine(Buffer.from('renamed\\0by test\\0'));
      process.stdout.write(require('node:child_process').execFileSync('ps', ['-o', 'args=', '-p', String(process.pid)]));`;
    expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe('renamed by test\n');
  });
});

test('the pair that the tests use is what it seems', () =>
  pair((a, b) => {
    writeSync(a, 'plain write');
    const into = Buffer.alloc(32);
    expect(into.toString('utf8', 0, readSync(b, into))).toBe('plain write');
  }));
