/** A server that is short of something serves nobody worse than plain node would: who cannot be served is told so, and the server stays. */
import { expect, test } from 'vitest';
import { descriptorsOf } from '../support/processes.js';
import { serve } from '../support/served.js';
import { attachedTo, HAS_STRACE, MAY_ATTACH } from '../support/strace.js';
import { until } from '../support/until.js';
import { workspace } from '../support/workspace.js';

test.skipIf(!HAS_STRACE || !MAY_ATTACH).each([
  ['it can have no more processes', 'clone', 'EAGAIN'],
  ['it has no descriptor left for one', 'fcntl,socketpair', 'EMFILE'],
])('%s: the script is run directly, and with --strict not at all', async (_, call, error) => {
  const w = workspace();
  const { script, server } = await serve(w);
  const descriptors = descriptorsOf(server).size;
  const strict = w.script('strict.cjs', `process.preforkInterp?.initialisationComplete(); console.log('ran');`, {
    options: '-U,--strict',
  });
  expect(await w.run(strict)).toMatchObject({ stdout: 'ran\n' });
  const strictServer = w.servers().find(({ pid }) => pid !== server)?.pid as number;
  for (const pid of [server, strictServer]) {
    const { detach } = await attachedTo(w, pid, ['-e', `inject=${call}:error=${error}`]);
    // The executor that waits is made already.
    const waited = await w.run(pid === server ? script : strict, ['7']);
    expect(waited).toMatchObject({ status: pid === server ? 7 : 0, stderr: '' });
    if (pid === server) {
      const outcome = await w.run(script, ['7'], { env: { PREFORK_INTERP_DEBUG: '1' } });
      expect(outcome).toMatchObject({
        status: 7,
        stdout: '7\n',
        stderr: expect.stringMatching(/directly: .*does not take the call/),
      });
    } else {
      const outcome = await w.run(strict);
      expect(outcome).toMatchObject({
        status: 127,
        stdout: '',
        stderr: expect.stringMatching(/does not take the call/),
      });
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
