/** A server that is short of something serves nobody worse than plain node would: who cannot be served is told so, and the server stays. */
import { expect, test } from 'vitest';
import { MAX_SPARES } from '../../src/server/limits.js';
import { descriptorsOf } from '../support/processes.js';
import { serve } from '../support/served.js';
import { attachedTo, HAS_STRACE, MAY_ATTACH } from '../support/strace.js';
import { until } from '../support/until.js';
import { workspace } from '../support/workspace.js';

test.skipIf(!HAS_STRACE || !MAY_ATTACH).each([
  ['it can have no more processes', 'clone', 'EAGAIN'],
  ['it has no descriptor left for one', 'fcntl,socketpair', 'EMFILE'],
])('%s: the script is run directly, and with --strict not at all', async (_, calls, error) => {
  const w = workspace();
  const { script, server } = await serve(w);
  const descriptors = descriptorsOf(server).size;
  const strict = w.script('strict.cjs', `process.preforkInterp?.initialisationComplete(); console.log('ran');`, {
    options: '-U,--strict',
  });
  expect(await w.run(strict)).toMatchObject({ stdout: 'ran\n' });
  const strictServer = w.servers().find(({ pid }) => pid !== server)?.pid as number;
  for (const pid of [server, strictServer]) {
    const { detach } = await attachedTo(w, pid, ['-e', `inject=${calls}:error=${error}`]);
    const command = pid === server ? script : strict;
    const served = { status: pid === server ? 7 : 0, stdout: pid === server ? '7\n' : 'ran\n' };
    const call = () => w.run(command, ['7'], { env: { PREFORK_INTERP_DEBUG: '1' } });
    let outcome = await call();
    // The executors that wait are made already: one, or two if calls have just come one behind the other.
    for (let waiting = 0; / taken by the server /.test(outcome.stderr) && waiting < MAX_SPARES; waiting += 1) {
      expect(outcome).toMatchObject(served);
      outcome = await call();
    }
    if (pid === server) {
      expect(outcome).toMatchObject(served);
      expect(outcome.stderr).toMatch(/directly: .*does not take the call/);
    } else {
      expect(outcome).toMatchObject({ status: 127, stdout: '' });
      expect(outcome.stderr).toMatch(/does not take the call/);
    }
    await detach();
  }
  // No server was replaced.
  expect(
    w
      .servers()
      .map(({ pid }) => pid)
      .sort(),
  ).toEqual([server, strictServer].sort());
  await until('it has what it had', async () => {
    expect(await w.run(script, ['42'])).toMatchObject({ status: 42 });
    return descriptorsOf(server).size === descriptors;
  });
});
