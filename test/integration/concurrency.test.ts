/** Calls at the same time, and the options by which a script bounds its server. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENT, FIXTURES } from '../support/paths.js';
import { processOf, switchesOf } from '../support/processes.js';
import type { Running } from '../support/running.js';
import { atRest } from '../support/served.js';
import { until } from '../support/until.js';
import { VERSIONS } from '../support/versions.js';
import { workspace } from '../support/workspace.js';

const PIPES = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };

/** Says how many executors its server has, itself included, and lives until its input ends. */
const COUNTING = `
  const { readFileSync } = require('node:fs');
  process.preforkInterp?.initialisationComplete(JSON.parse(process.env.SERVER_OPTIONS));
  const children = readFileSync(\`/proc/\${process.ppid}/task/\${process.ppid}/children\`, 'utf8').trim().split(' ');
  const lines = children.map((pid) => readFileSync(\`/proc/\${pid}/cmdline\`, 'latin1'));
  // Others wait for a call, or do so any moment.
  console.log(lines.filter((line) => line.startsWith('node')).length);
  process.stdin.on('end', () => process.exit(Number(process.argv[2]))).resume();`;

describe.each(VERSIONS)('%s', (_version, interpreter) => {
  test.each([
    ['the default, 4,', {}, 4],
    ['1', { maxServers: 1 }, 1],
    ['7', { maxServers: 7 }, 7],
    ['no limit', { maxServers: -1 }, 12],
  ])('maxServers: %s executors at most, and every further call gets its turn', async (_, options, most) => {
    const w = workspace();
    const script = w.script('counts.cjs', COUNTING, { interpreter: interpreter(w) });
    const env = { SERVER_OPTIONS: JSON.stringify(options) };
    const first = w.start(script, ['100'], { ...PIPES, env });
    await first.line();
    const calls = [
      first,
      ...Array.from({ length: 11 }, (_, i) => w.start(script, [String(101 + i)], { ...PIPES, env })),
    ];
    const highest: number[] = [];
    // Lets one go each time that as many as may run do run, in whatever order they got their turn.
    for (const [call, served] of await servedInTurn(calls, most)) {
      highest.push(served);
      expect(served, 'executors at once').toBeLessThanOrEqual(most);
      expect((await call.outcome).status).toBe(100 + calls.indexOf(call));
    }
    expect(Math.max(...highest)).toBe(most);
    expect(w.servers().length).toBe(1);
  });
});

/** Ends the input of the calls so that never fewer than `most` could run; gives each with the number that it said. */
async function servedInTurn(calls: Running[], most: number): Promise<[Running, number][]> {
  const told: [Running, number][] = [];
  const running = calls.map((call) => call.line().then((line) => told.push([call, Number(line)])));
  for (let ended = 0; ended < calls.length; ended += 1) {
    const wanted = Math.min(calls.length, ended + most);
    await until(`${wanted} calls have started`, () => told.length >= wanted);
    expect(told.length, 'no more than may').toBe(wanted);
    told[ended]?.[0].endInput();
  }
  await Promise.all(running);
  return told;
}

test('32 simultaneous first calls: one setup, one server, and each call its own', async () => {
  const w = workspace();
  const script = w.fixture('describe.cjs');
  const calls = Array.from({ length: 32 }, (_, i) => w.run(script, [`call ${i}`, String(i)], { input: `${i}` }));
  for (const [i, outcome] of (await Promise.all(calls)).entries()) {
    expect(outcome, `call ${i}`).toMatchObject({ status: i, signal: null, stderr: `error of call ${i}\n` });
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      input: `${i}`,
      argv: [expect.anything(), script, `call ${i}`, `${i}`],
    });
  }
  expect(readFileSync(`${script}.setups`, 'utf8').trim().split('\n').length).toBe(1);
  expect(w.servers().length).toBe(1);
});

test('two scripts have servers of their own, and so has one script with two identities', async () => {
  const w = workspace();
  const scripts = [w.fixture('hold.mjs'), w.script('twin.mjs', readFileSync(join(FIXTURES, 'hold.mjs'), 'utf8'))];
  const [script = ''] = scripts;
  const calls: [string, string[]][] = [
    ...scripts.map((path): [string, string[]] => [path, []]),
    ...['one', 'other'].map((identity): [string, string[]] => [CLIENT, ['-U', '-G', identity, 'node', script]]),
    [CLIENT, ['-U', '-E', 'SERVER_OPTIONS', 'node', script]],
  ];
  const servers: string[] = [];
  for (const _ of ['first', 'warm']) {
    for (const [command, args] of calls)
      servers.push((await w.run(command, args)).stdout.trim().split(' ')[1] as string);
  }
  expect(new Set(servers).size).toBe(calls.length);
  expect(servers.slice(calls.length)).toEqual(servers.slice(0, calls.length));
});

test('a server for which nothing was called for idleTimeoutSeconds goes, and the next call starts another', async () => {
  const w = workspace();
  const script = w.fixture('hold.mjs');
  const env = { SERVER_OPTIONS: JSON.stringify({ idleTimeoutSeconds: 0.2 }) };
  for (const setups of [1, 2]) {
    expect((await w.run(script, ['3'], { env })).status).toBe(3);
    await w.empty();
    expect(readFileSync(`${script}.setups`, 'utf8').trim().split('\n').length).toBe(setups);
  }
});

test('a call that takes longer than idleTimeoutSeconds is no idleness', async () => {
  const w = workspace();
  const script = w.script(
    'long.cjs',
    `process.preforkInterp?.initialisationComplete({ idleTimeoutSeconds: 0.1 });
     setTimeout(() => { console.log('after 700 ms'); process.exit(5); }, 700);`,
  );
  expect(await w.run(script)).toMatchObject({ status: 5, stdout: 'after 700 ms\n', stderr: '' });
  await w.empty();
});

test('a server that cannot accept calls goes after maxErrors failures, and the call is served by another', async () => {
  const w = workspace();
  const script = w.fixture('hold.mjs');
  const env = { SERVER_OPTIONS: JSON.stringify({ maxErrors: 5 }) };
  expect((await w.run(script, ['1'], { env })).status).toBe(1);
  const { pid } = w.server();
  // No descriptor above 2 can be had any more: accept(2) fails with EMFILE.
  execFileSync('prlimit', ['--pid', String(pid), '--nofile=3:']);
  expect((await w.run(script, ['2'], { env })).status).toBe(2);
  await until('the server that cannot accept has gone', () => processOf(pid) === undefined);
  expect(w.server().pid).not.toBe(pid);
});

test('a server does nothing while nothing is called', async () => {
  const w = workspace();
  const script = w.fixture('hold.mjs');
  const call = w.start(script, [], PIPES);
  const [executor = 0, server = 0] = (await call.line()).split(' ').map(Number);
  // What is done once after a call is done at some time; whatever goes on for ever is never still.
  await until('server and executor do nothing for half a second', async () => {
    const switches = () => [server, executor].map(switchesOf).join();
    const before = switches();
    await w.run('sleep', ['0.5']);
    return switches() === before;
  });
  call.endInput();
  expect((await call.outcome).status).toBe(0);
});

test('no zombie is left, whatever the order in which calls end', async () => {
  const w = workspace();
  const script = w.fixture('hold.mjs');
  await Promise.all(Array.from({ length: 12 }, (_, i) => w.run(script, [String(i)])));
  const { pid } = w.server();
  await atRest(pid);
});

test.each<[string, object, RegExp]>([
  ['maxServers of 0', { maxServers: 0 }, /option maxServers must be/],
  ['maxServers that is no whole number', { maxServers: 1.5 }, /option maxServers must be/],
  ['maxServers that is no number', { maxServers: '4' }, /option maxServers must be/],
  ['idleTimeoutSeconds that is no number', { idleTimeoutSeconds: 'long' }, /option idleTimeoutSeconds must be/],
  ['maxErrors below 0', { maxErrors: -1 }, /option maxErrors must be/],
  ['a facility that is none', { logFacility: 'users' }, /option logFacility must be empty or one of .*local0/],
  ['an option that is none', { maxServer: 3 }, /option maxServer is not an option; there are maxServers, /],
])('%s is a clear error of the script, and nothing is left', async (_, options, message) => {
  const w = workspace();
  const script = w.fixture('hold.mjs');
  const outcome = await w.run(script, [], { env: { SERVER_OPTIONS: JSON.stringify(options) } });
  expect(outcome).toMatchObject({ status: 1, signal: null, stdout: '' });
  expect(outcome.stderr).toMatch(message);
  expect(outcome.stderr).toMatch(/ERR_PREFORK_OPTION/);
  await w.empty();
});
