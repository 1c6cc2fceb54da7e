/** `preforkctl why`: what a call would do, and what it goes by. */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NODE } from '../support/paths.js';
import { control, controlJson } from '../support/preforkctl.js';
import { alive } from '../support/processes.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const READY = 'process.preforkInterp?.initialisationComplete();';
const SERVED = 0;
const NOT_SERVED = 3;

interface Why {
  script: string;
  ident: string;
  outcome: string;
  because: string;
  pid: number | null;
  lastRestart: { time: string; because: string } | null;
  others: { ident: string; pid: number; differences: string[] }[];
  identity: { name: string; value: string }[];
}

const whyOf = (w: Workspace, script: string, status: number) => controlJson<Why>(w, ['why', script], status);

test('from no server at all to one that was killed: what a call would do, and what the last restart was for', async () => {
  const w = workspace();
  const script = w.script('s.cjs', READY);
  const never = await whyOf(w, script, NOT_SERVED);
  expect(never).toMatchObject({ script, outcome: 'fresh', pid: null, lastRestart: null, others: [] });
  expect(never.because).toContain('no server of this identity');
  expect(w.servers()).toEqual([]);

  expect((await w.run(script)).status).toBe(0);
  const first = w.server().pid;
  const served = await whyOf(w, script, SERVED);
  expect(served).toMatchObject({ ident: never.ident, outcome: 'served', pid: first, lastRestart: null });
  expect(w.rendezvous()).toContain(`s${served.ident}`);

  appendFileSync(script, '// changed\n');
  const changed = `${script} is newer than the server`;
  expect(await whyOf(w, script, NOT_SERVED)).toMatchObject({ outcome: 'fresh', because: changed, pid: first });
  expect((await w.run(script)).status).toBe(0);
  await until('the first has gone', () => !alive(first));
  const second = w.server().pid;
  expect(await whyOf(w, script, SERVED)).toMatchObject({ pid: second, lastRestart: { because: changed } });

  process.kill(second, 'SIGKILL');
  await until('it has ended', () => !alive(second));
  const killed = await whyOf(w, script, NOT_SERVED);
  expect(killed).toMatchObject({ outcome: 'fresh', pid: null });
  expect(killed.because).toContain(`(process ${second})`);
  expect(killed.because).toContain('was killed');
  expect((await w.run(script)).status).toBe(0);
  expect(await whyOf(w, script, SERVED)).toMatchObject({ lastRestart: { because: 'the one before was killed' } });

  expect((await control(w, ['stop', script])).status).toBe(0);
  const stopped = await whyOf(w, script, NOT_SERVED);
  expect(stopped.because).toMatch(/^its last server went at 20\S+Z: it was told to$/);
});

test('field by field, and in what the servers of others differ', async () => {
  const w = workspace();
  const script = w.script('s.cjs', READY, { options: '-U,-E,OF,-G,more', interpreter: 'node,--no-warnings' });
  const env = { OF: 'mine', NODE_OPTIONS: '--trace-warnings' };
  expect((await w.run(script, [], { env })).status).toBe(0);
  expect((await w.shell('ulimit -n 1000; exec "$1"', [script], { env: { OF: 'yours' } })).status).toBe(0);
  const outcome = await control(w, ['why', '--json', script], { env });
  const { identity, others, outcome: would } = JSON.parse(outcome.stdout) as Why;
  expect(would).toBe('served');
  const fields = Object.fromEntries(identity.map(({ name, value }) => [name, value]));
  expect(fields).toMatchObject({
    user: expect.stringContaining(`uid ${process.getuid?.()}, `),
    'interpreter file': execFileSync('readlink', ['-f', NODE], { encoding: 'utf8' }).trim(),
    '-E OF': 'mine',
    '-G': 'more',
    mediation: '-U',
    interpreter: 'node',
    'its argument': '--no-warnings',
    script,
  });
  expect(identity).toContainEqual({ name: 'variable', value: 'NODE_OPTIONS=--trace-warnings' });
  const nofile = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  expect(fields['hard limits']).toContain(`nofile ${nofile}`);
  expect(others).toHaveLength(1);
  expect(others[0]?.differences).toEqual([
    'there -E OF yours',
    'here variable NODE_OPTIONS=--trace-warnings',
    'here -E OF mine',
    'there hard limit nofile 1000',
    `here hard limit nofile ${nofile}`,
  ]);
  const { stdout } = await control(w, ['why', script], { env });
  expect(stdout).toMatch(/^a call now +served: process \d+ serves it$/m);
  expect(stdout).toMatch(/^ +there -E OF yours$/m);
  expect(stdout).toMatch(/^ {2}its argument +--no-warnings$/m);
});

test('calls that are run directly, and those of version 1', async () => {
  const w = workspace();
  const script = w.script('s.cjs', READY);
  const direct = await control(w, ['why', script], { env: { PREFORK_INTERP_BYPASS: '1' } });
  expect(direct).toMatchObject({
    status: NOT_SERVED,
    stdout: expect.stringContaining('run directly: PREFORK_INTERP_BYPASS says so'),
  });
  const v1 = w.script('v1.cjs', READY, { interpreter: w.versionOneNode() });
  expect((await w.run(v1)).status).toBe(0);
  expect(await whyOf(w, v1, SERVED)).toMatchObject({ script: v1, pid: w.server().pid });
});
