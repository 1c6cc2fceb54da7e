/** Standard descriptors: the call's are the caller's, and the client neither needs all of them nor holds on to them. */
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { FakeServer, GREETING, readRequest, uint32 } from '../support/fake-server.js';
import { CLIENT } from '../support/paths.js';
import { descriptorsOf } from '../support/processes.js';
import { until } from '../support/until.js';
import { expectFailure, V1Script } from '../support/v1-server.js';
import { workspace } from '../support/workspace.js';

test('64 MB through a pipe both ways arrive whole, cold and warm', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const line =
    'head -c 67108864 /dev/zero | tr "\\0" x | "$@" | md5sum; head -c 67108864 /dev/zero | tr "\\0" x | md5sum';
  for (const call of ['cold', 'warm']) {
    const { stdout } = await w.shell(line, [CLIENT, ...s.arguments(['cat'])]);
    const [through, direct] = stdout.trim().split('\n');
    expect(through, call).toBe(direct);
  }
});

test.each([
  ['0', '<&-', []],
  ['1', '>&-', []],
  ['2', '2>&-', []],
  ['all', '<&- >&- 2>&-', []],
])('a caller that has closed %s: the call gets /dev/null there, cold and warm', async (_, redirection) => {
  const w = workspace();
  const s = new V1Script(w);
  for (const status of [21, 22]) {
    const outcome = await w.shell(`"$@" ${redirection}`, [CLIENT, ...s.arguments(['exit', String(status)])]);
    expect(outcome).toMatchObject({ status, stdout: '', stderr: '' });
  }
  expect(s.setups()).toBe(1);
});

test('with standard input closed, what is read is the end, not a socket of ours', async () => {
  const w = workspace();
  const s = new V1Script(w);
  for (let call = 0; call < 2; call++) {
    expect(await w.shell('"$@" <&-', [CLIENT, ...s.arguments(['cat'])])).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  }
});

test('with standard error closed, an error goes nowhere, and is still a status of 127', async () => {
  const w = workspace();
  expect(await w.shell('"$@" 2>&-', [CLIENT, '-U', '-x'])).toMatchObject({ status: 127, stdout: '', stderr: '' });
});

test('a call that closes its standard input and output early: the pipes reach their end while it goes on', async () => {
  const w = workspace();
  const s = new V1Script(w);
  await s.run(['exit', '0']);
  const running = s.start(['silent'], { stdio: ['pipe', 'pipe', 'pipe'] });
  await until('standard output has reached its end', () => running.child.stdout?.readableEnded);
  await until('nobody reads standard input', () => {
    running.write('unwanted');
    return running.child.stdin?.destroyed;
  });
  expect(running.child.exitCode).toBeNull();
  running.kill('SIGTERM');
  await running.outcome;
});

test('while it waits, the client has let go of standard input and output, not of standard error', async () => {
  const w = workspace();
  const requested: Socket[] = [];
  const server = await FakeServer.start(w, async (socket) => {
    socket.write(GREETING);
    await readRequest(socket);
    requested.push(socket);
  });
  const running = server.start();
  const socket = await until('the client has sent its request', () => requested[0]);
  const open = await until('the client has closed what it does not need', () => {
    const found = descriptorsOf(running.pid);
    return found.has(0) || found.has(1) ? undefined : found;
  });
  expect(open.has(2)).toBe(true);
  socket.end(uint32(0));
  expect(await running.outcome).toMatchObject({ status: 0 });
});

test('an error whose reader is gone is still a status of 127, not an end by SIGPIPE', async () => {
  const w = workspace();
  const source = 'pipe(R, W); close R; open(STDERR, ">&W"); system(@ARGV); printf "%d", $?;';
  expect((await w.run('perl', ['-e', source, CLIENT, '-U', '-x'])).stdout).toBe(String(127 << 8));
});

test("the descriptors that the call gets are the caller's own: the same open file", async () => {
  const w = workspace();
  const s = new V1Script(w);
  await s.run(['exit', '0']);
  w.write('in', 'first\nsecond\n');
  const outcome = await w.shell('{ read line; "$@"; } <in >>out; echo "$line" >>out; cat out', [
    CLIENT,
    ...s.arguments(['cat']),
  ]);
  expect(outcome).toMatchObject({ stdout: 'second\nfirst\n', stderr: '' });
});

test('an error of the client goes to standard error only', async () => {
  const w = workspace();
  expectFailure(await w.run(CLIENT, ['-U']));
});
