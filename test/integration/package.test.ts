import { closeSync, openSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { NODE, ROOT } from '../support/paths.js';
import { workspace } from '../support/workspace.js';

/** npm compiles the addon and the client here: that takes as long as it takes on this machine. */
const LIMIT_MS = 600_000;

const SCRIPT = `
process.preforkInterp?.initialisationComplete();
console.log(process.ppid > 1 && process.argv.slice(2).join(' '));
process.exitCode = 5;
`;

/** Everything of what npm tells its own scripts is left out: the npm that is started here is to find all that by itself. */
const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));

function beginsWithElf(path: string): boolean {
  const descriptor = openSync(path, 'r');
  const first = Buffer.alloc(4);
  readSync(descriptor, first);
  closeSync(descriptor);
  return first.toString('latin1') === '\x7fELF';
}

it('is packed, installed globally and run: the client that npm links is the native one', {
  timeout: LIMIT_MS,
}, async () => {
  const place = workspace();
  const env = { ...ENV, ...place.env };
  const prefix = place.path('prefix');
  // What is to be packed was built before the tests.
  const packed = await place.run('npm', ['pack', '--ignore-scripts', '--pack-destination', place.directory], {
    cwd: ROOT,
    env,
    limitMs: LIMIT_MS,
  });
  expect(packed).toMatchObject({ status: 0 });
  const [tarball] = readdirSync(place.directory).filter((name) => name.endsWith('.tgz'));
  const install = ['install', '--global', '--prefix', prefix, '--prefer-offline', place.path(tarball as string)];
  const installed = await place.run('npm', install, { env, limitMs: LIMIT_MS });
  expect(installed, installed.stderr).toMatchObject({ status: 0 });

  const program = join(prefix, 'bin/prefork-interp');
  expect(beginsWithElf(realpathSync(program))).toBe(true);

  const recorder = 'lib/node_modules/prefork-interp/build/recorder/prefork-interp-recorder.so';
  expect(beginsWithElf(join(prefix, recorder))).toBe(true);

  const script = place.script('script.cjs', SCRIPT, { client: program });
  for (const call of ['first', 'second']) {
    const outcome = await place.run(script, [call]);
    expect(outcome.stdout).toBe(`${call}\n`);
    expect(outcome.stderr).toBe('');
    expect(outcome.status).toBe(5);
  }
  expect(place.servers()).toHaveLength(1);

  // The other program is found beside it.
  const traced = await place.run(join(prefix, 'bin/preforkctl'), ['trace', script, 'traced']);
  expect(traced).toMatchObject({ status: 0, stdout: 'traced\n', stderr: expect.stringContaining('exit status 5\n') });

  // With `env` in the line it is found on PATH, wherever it was installed.
  const portable = place.script('portable.cjs', SCRIPT, { client: '/usr/bin/env -S prefork-interp' });
  const found = await place.run(portable, ['by', 'PATH'], {
    env: { PATH: `${join(prefix, 'bin')}:${dirname(NODE)}:/usr/bin:/bin` },
  });
  expect(found.stdout).toBe('by PATH\n');
});
