/** A warm call with each of its system calls failing in turn, and the client killed at each: the server does not mind. */
import { expect, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import { alive } from '../support/processes.js';
import { HAS_STRACE, mayFail, straced, traceOf } from '../support/strace.js';
import { expectFailure, V1Script } from '../support/v1-server.js';
import { workspace } from '../support/workspace.js';

const STATUS = 7;
const LIMIT_MS = 300_000;
async function warm() {
  const w = workspace();
  const s = new V1Script(w);
  const server = await s.server();
  const command = [CLIENT, ...s.arguments(['exit', String(STATUS)])];
  await straced(w, [], command).outcome;
  const trace = traceOf(w);
  const calls = trace.slice(trace.findIndex(({ name }) => name === 'poll')).filter(({ name }) => name !== 'exit_group');
  const strictly = [CLIENT, ...s.arguments(['exit', String(STATUS)], ['-U', '--strict'])];
  const tampered = (inject: string) => straced(w, ['-e', `inject=${inject}`], command).outcome;
  const tamperedStrictly = (inject: string) => straced(w, ['-e', `inject=${inject}`], strictly).outcome;
  const expectUnharmed = async () => {
    expect(await s.run(['exit', '3'])).toMatchObject({ status: 3, stderr: '' });
    expect(alive(server.pid)).toBe(true);
    expect(s.setups()).toBe(1);
  };
  return { s, calls, tampered, tamperedStrictly, expectUnharmed };
}

test.skipIf(!HAS_STRACE)('a warm call takes few system calls, and one of them sends it', async () => {
  const { calls } = await warm();
  // To find out that the interpreter has no adapter takes some: it is stat, access, and a readlink for each part of its path.
  expect(calls.filter(({ name }) => name !== 'readlink').length).toBeLessThanOrEqual(22);
  expect(calls.filter(({ name }) => /^(send|write)/.test(name)).map(({ name }) => name)).toEqual(['sendmmsg']);
});

test.skipIf(!HAS_STRACE)('killed at each system call: the server does not mind', { timeout: LIMIT_MS }, async () => {
  const { calls, tampered, expectUnharmed } = await warm();
  for (const { name, when, line } of calls) {
    expect(await tampered(`${name}:signal=KILL:when=${when}`), line).toMatchObject({ signal: 'SIGKILL' });
    await expectUnharmed();
  }
});

test.skipIf(!HAS_STRACE)(
  'each system call fails: the script runs once; strict, or once it has begun, an answer; and the server does not mind',
  { timeout: LIMIT_MS },
  async () => {
    const { s, calls, tampered, tamperedStrictly, expectUnharmed } = await warm();
    const possible = calls.filter(mayFail);
    const sent = possible.findIndex(({ name }) => name === 'sendmmsg');
    for (const { name, when, line } of possible.slice(0, sent + 1)) {
      const before = s.calls();
      expect(await tampered(`${name}:error=EIO:when=${when}`), line).toMatchObject({ status: STATUS, stderr: '' });
      expect(s.calls(), line).toBe(before + 1);
      await expectUnharmed();
    }
    const directs = s.directs();
    expect(directs).toBeGreaterThan(5);
    let failures = 0;
    for (const { name, when, line } of possible) {
      const outcome = await tamperedStrictly(`${name}:error=EIO:when=${when}`);
      if (outcome.status === STATUS) expect(outcome.stderr, line).toBe('');
      else expectFailure(outcome);
      if (outcome.status === 127) failures++;
      await expectUnharmed();
    }
    expect(failures).toBeGreaterThan(8);
    expect(s.directs()).toBe(directs);
  },
);

test.skipIf(!HAS_STRACE).each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'])(
  '%s while it waits ends the client by it',
  async (signal) => {
    const { tampered, expectUnharmed } = await warm();
    expect(await tampered(`recvmsg:signal=${signal}:when=2`)).toMatchObject({ status: null, signal, stderr: '' });
    await expectUnharmed();
  },
);
