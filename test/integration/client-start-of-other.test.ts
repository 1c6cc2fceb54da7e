/** A server that somebody else is starting, who is not to be waited for: because that is an ancestor, or stopped, or takes too long. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import { processOf } from '../support/processes.js';
import { until } from '../support/until.js';
import { expectFailure } from '../support/v1-server.js';
import { VERSIONS } from '../support/versions.js';
import { type Workspace, workspace } from '../support/workspace.js';

function lockOf(w: Workspace): string {
  const [name, ...others] = readdirSync(w.runDirectory).filter((entry) => entry.startsWith('l'));
  if (name === undefined || others.length > 0) throw new Error('one lock expected');
  return join(w.runDirectory, name);
}

describe.each(VERSIONS)('%s', (_, interpreter) => {
  test('an initialisation that calls its own script: that call is run directly, strict it is an error', async () => {
    const w = workspace();
    const script = w.script(
      'own.cjs',
      `if (process.argv[2] === '--version') { console.log('one'); process.exit(0); }
       const { spawnSync } = require('child_process');
       const call = (...words) => {
         const { status, signal, stdout, stderr } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' });
         return { status, signal, stdout, stderr };
       };
       const inner = [call(process.argv[1], '--version'),
         call(${JSON.stringify(CLIENT)}, '-U', '--strict', ${JSON.stringify(interpreter(w))}, process.argv[1], '--version')];
       const warm = !!process.preforkInterp;
       process.preforkInterp?.initialisationComplete();
       console.log(JSON.stringify({ inner, warm }));`,
      { interpreter: interpreter(w) },
    );
    const { inner, warm } = JSON.parse((await w.run(script)).stdout);
    expect(warm).toBe(true);
    expect(inner[0]).toMatchObject({ status: 0, stdout: 'one\n', stderr: '' });
    expectFailure(inner[1], /own\.cjs is being started by process \d+, which waits for this call/);
    expect(w.servers()).toHaveLength(1);
  });

  test('a starter that is stopped: other calls are run directly, and when it goes on it has its server', async () => {
    const w = workspace();
    const script = w.script(
      'slow.cjs',
      `const fs = require('fs');
       if (!fs.existsSync('begun')) {
         fs.writeFileSync('begun', '');
         while (!fs.existsSync('go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
       }
       process.preforkInterp?.initialisationComplete();
       console.log(!!process.preforkInterp);`,
      { interpreter: interpreter(w) },
    );
    const starter = w.start(script);
    await until('setup has begun', () => existsSync(w.path('begun')));
    expect(readFileSync(lockOf(w), 'utf8')).toBe(`${starter.pid}\n`);
    starter.kill('SIGSTOP');
    onTestFinished(() => starter.kill('SIGCONT'));
    await until('it is stopped', () => processOf(starter.pid)?.state === 'T');
    // The socket is there, and with -f it is the lock itself that is waited for.
    const strict = (...options: string[]) => w.run(CLIENT, ['-U', '--strict', ...options, interpreter(w), script]);
    expect(await w.run(script)).toMatchObject({ status: 0, stdout: 'false\n', stderr: '' });
    for (const options of [[], ['-f'], ['--kill']]) {
      expectFailure(
        await strict(...options),
        new RegExp(`slow\\.cjs is being started by process ${starter.pid}, which is stopped`),
      );
    }
    w.write('go', '');
    starter.kill('SIGCONT');
    expect(await starter.outcome).toMatchObject({ status: 0, stdout: 'true\n', stderr: '' });
    expect((await w.run(script)).stdout).toBe('true\n');
  });
});

test('two scripts whose initialisations call each other', async () => {
  const w = workspace();
  const source = (other: string) =>
    `if (process.argv[2] === '--version') { console.log('${other}'); process.exit(0); }
     const inner = require('child_process').execFileSync('./${other}', process.argv[2] ? ['--version'] : ['deep'], { encoding: 'utf8' });
     process.preforkInterp?.initialisationComplete();
     process.stdout.write(inner);`;
  const one = w.script('one.cjs', source('two.cjs'));
  w.script('two.cjs', source('one.cjs'));
  expect(await w.run(one)).toMatchObject({ status: 0, stdout: 'two.cjs\n', stderr: '' });
  expect(w.servers()).toHaveLength(2);
});

test('signals do what they always do while the lock is waited for', async () => {
  const w = workspace();
  const source = 'open(my $f, ">", $ARGV[0]); flock($f, 2); $| = 1; print "held\n"; <STDIN>';
  const holder = w.start('perl', ['-e', source, join(w.runDirectory, 'l2.held')], { stdio: 'pipe' });
  await holder.says(/held/);
  const script = w.script('script.cjs', 'console.log(1)');
  const call = w.start('strace', [
    '-qq',
    '-o',
    w.path('trace'),
    '-e',
    'trace=flock',
    CLIENT,
    '-U',
    '-g',
    'held',
    'node',
    script,
  ]);
  const tries = () =>
    existsSync(w.path('trace')) ? readFileSync(w.path('trace'), 'utf8').split('flock(').length - 1 : 0;
  const waiting = await until(
    'it has asked several times',
    () => tries() > 5 && w.processes().find(({ parent }) => parent === call.pid),
  );
  process.kill(waiting.pid, 'SIGTERM');
  expect((await call.outcome).signal).toBe('SIGTERM');
  holder.endInput();
  await holder.outcome;
});

test('a start that takes a minute is not waited for any longer', { timeout: 120_000 }, async () => {
  const w = workspace();
  const source = 'open(my $f, ">", $ARGV[0]); flock($f, 2); $| = 1; print "held\n"; <STDIN>';
  const holder = w.start('perl', ['-e', source, join(w.runDirectory, 'l2.held')], { stdio: 'pipe', limitMs: 100_000 });
  await holder.says(/held/);
  const script = w.script('script.cjs', 'console.log(!!process.preforkInterp)');
  const words = ['-U', '-g', 'held', 'node', script];
  const from = performance.now();
  const [direct, strict] = await Promise.all([
    w.run(CLIENT, words, { limitMs: 100_000 }),
    w.run(CLIENT, ['--strict', ...words], { limitMs: 100_000 }),
  ]);
  expect(performance.now() - from).toBeGreaterThan(59_000);
  expect(direct).toMatchObject({ status: 0, stdout: 'false\n', stderr: '' });
  expectFailure(strict, /is still being started by another call after 60000 ms/);
  holder.endInput();
  await holder.outcome;
});
