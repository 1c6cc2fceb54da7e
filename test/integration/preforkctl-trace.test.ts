/** `preforkctl trace`: where the time of a call goes, and that tracing it changes nothing else. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Phase } from '../../src/control/timeline.js';
import { ended, FakeV2, started } from '../support/fake-v2.js';
import { CLIENT, NODE, ROOT } from '../support/paths.js';
import type { Outcome, StartOptions } from '../support/running.js';
import { type Workspace, workspace } from '../support/workspace.js';

const PREFORKCTL = join(ROOT, 'dist/preforkctl.js');
const SAYS_HELLO = `process.preforkInterp?.initialisationComplete();
console.log('hello', process.argv.slice(2).join('|'));`;

/** What --json says. */
interface Timeline {
  script: string;
  calls: number;
  ends: { code: number | null; signal: string | null }[];
  phases: Phase[];
  whole: number;
  note: string;
}

/** Runs it with a place of its own for temporary files. */
function trace(w: Workspace, args: readonly string[], options: StartOptions = {}): Promise<Outcome> {
  mkdirSync(w.path('tmp'), { recursive: true });
  const env = { TMPDIR: w.path('tmp'), ...options.env };
  return w.run(NODE, [PREFORKCTL, 'trace', ...args], { ...options, env });
}

async function timeline(w: Workspace, args: readonly string[]): Promise<Timeline> {
  const { status, stderr } = await trace(w, ['--json', ...args]);
  expect(status, stderr).toBe(0);
  return JSON.parse(stderr);
}

const namesOf = ({ phases }: Timeline, process: string) =>
  phases.filter((phase) => phase.process === process).map(({ name }) => name);

/** Those that follow one another. News may be under way while the client still wakes up for what came before. */
const worksOf = (seen: Timeline, process: string) => namesOf(seen, process).filter((name) => !name.startsWith('('));

/** Whichever of both it was, which the server decides by whether a spare was ready. */
const HANDED_OVER = expect.stringMatching(/^(hands it to a spare|forks an executor)$/);
const OF_EXECUTOR = [
  '(wakes up)',
  'receives the call',
  'becomes it',
  'says so',
  'returns into the script',
  'runs the script',
];

test('a cold call and warm ones: every phase is there, in order, within the whole', async () => {
  const w = workspace();
  const script = w.script('hello.cjs', SAYS_HELLO);
  const cold = await timeline(w, [script]);
  const warm = await timeline(w, [script]);
  expect(worksOf(cold, 'client')).toEqual([
    'finds out which server',
    'finds no server, locks',
    'has the server started',
    'sends the call',
    'waits for the beginning',
    'waits for the end',
  ]);
  expect(worksOf(warm, 'client')).toEqual([
    'finds out which server',
    'connects',
    'sends the call',
    'waits for the beginning',
    'waits for the end',
  ]);
  expect(namesOf(warm, 'server')).toEqual([
    '(wakes up)',
    'hears the call',
    'judges it',
    HANDED_OVER,
    '(hears of the end)',
    'takes note of it',
  ]);
  for (const each of [cold, warm]) {
    expect(each).toMatchObject({ script, calls: 1, ends: [{ code: 0, signal: null }], note: '' });
    expect(namesOf(each, 'executor')).toEqual(OF_EXECUTOR);
    expect(namesOf(each, 'client')).toContain('(hears of the end)');
    expect(namesOf(each, 'caller')).toEqual(['starts the client', 'sees the client end']);
    for (const { name, start, duration } of each.phases) {
      expect(start, name).toBeGreaterThanOrEqual(0);
      expect(duration, name).toBeGreaterThanOrEqual(0);
      // Sums of binary fractions.
      expect(start + duration, name).toBeLessThanOrEqual(each.whole + 0.001);
    }
    // A caller has nobody else's time: its phases and the client's are one behind the other, and are all of the whole.
    const line = each.phases.filter(({ process, name }) => /caller|client/.test(process) && !name.startsWith('('));
    const sum = line.reduce((before, { duration }) => before + duration, 0);
    expect(sum).toBeCloseTo(each.whole, 2);
  }
});

test('output, input and arguments are the script’s own, and neither it nor its setup or children see that they are traced', async () => {
  const w = workspace();
  const script = w.script(
    'sees.cjs',
    `const seen = ['PREFORK_INTERP_TRACE' in process.env];
    process.preforkInterp?.initialisationComplete();
    seen.push('PREFORK_INTERP_TRACE' in process.env);
    const child = require('node:child_process').execFileSync('/usr/bin/env', { encoding: 'utf8' });
    seen.push(child.includes('PREFORK_INTERP_TRACE'));
    process.stdout.write(JSON.stringify([seen, process.argv.slice(2), require('node:fs').readFileSync(0, 'utf8')]));
    process.exitCode = 7;`,
  );
  const args = ['--help', '-x', 'a b', '', '--', '--json'];
  for (const call of ['first', 'second']) {
    const outcome = await trace(w, [script, ...args], { input: call });
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(JSON.parse(outcome.stdout)).toEqual([[false, false, false], args, call]);
    expect(outcome.stderr).toMatch(/: one call, exit status 7\n/);
    expect(outcome.stderr).toMatch(/^executor {2}runs the script +\d+\.\d +\d+\.\d +#/m);
  }
  expect(readdirSync(w.path('tmp'))).toEqual([]);
});

test('a script that is killed has no end of its own to tell: the server’s view is shown', async () => {
  const w = workspace();
  const script = w.script(
    'killed.cjs',
    `process.preforkInterp?.initialisationComplete(); process.kill(process.pid, 'SIGKILL');`,
  );
  await w.run(script);
  const seen = await timeline(w, [script]);
  expect(seen.ends).toEqual([{ code: null, signal: 'SIGKILL' }]);
  expect(namesOf(seen, 'executor')).toEqual(OF_EXECUTOR);
  expect(namesOf(seen, 'server')).not.toContain('(hears of the end)');
  expect(namesOf(seen, 'server')).toContain('takes note of it');
});

test('several calls: the median of each phase, and all of them in the trace file', async () => {
  const w = workspace();
  const script = w.script('hello.cjs', SAYS_HELLO);
  const out = w.path('trace.json');
  const { stdout, stderr, status } = await trace(w, ['--calls', '5', '--out', out, script, 'there']);
  expect({ stdout, status }).toEqual({ stdout: 'hello there\n'.repeat(5), status: 0 });
  expect(stderr).toContain(': medians of 5 calls, exit status 0\n');
  // One of five was cold.
  expect(stderr).not.toContain('has the server started');
  const { traceEvents } = JSON.parse(readFileSync(out, 'utf8')) as { traceEvents: { name: string; ph: string }[] };
  const count = (name: string) => traceEvents.filter((event) => event.ph === 'X' && event.name === name).length;
  expect([count('runs the script'), count('has the server started')]).toEqual([5, 1]);
});

test('calls that are not traced write nothing, also where the variable is empty, and ask for nothing', async () => {
  const w = workspace();
  const flags: (number | undefined)[] = [];
  const fake = await FakeV2.start(w, async (conversation) => {
    conversation.socket.once('data', (chunk: Buffer) => flags.push(chunk[3]));
    await conversation.begin();
    await conversation.say(ended(0));
  });
  const file = w.write('file', '');
  await fake.run();
  await fake.run([], { env: { PREFORK_INTERP_TRACE: '' } });
  expect({ flags, text: readFileSync(file, 'utf8') }).toEqual({ flags: [0, 0], text: '' });
  await fake.run([], { env: { PREFORK_INTERP_TRACE: file } });
  expect(flags).toEqual([0, 0, 1]);
  expect(readFileSync(file, 'utf8')).toMatch(/^(moment \d+ \d+\n){6}v2\n$/);
});

test('a server that knows nothing of it: the call is served, and the client alone is shown', async () => {
  const w = workspace();
  await FakeV2.start(w, async (conversation) => {
    await conversation.call();
    await conversation.say(started(), ended(0));
  });
  const script = w.script('silent', '', { options: '-U,-g,fake' });
  const seen = await timeline(w, [script]);
  expect(seen.note).toContain('the server tells no moments');
  expect([...new Set(seen.phases.map(({ process }) => process))]).toEqual(['caller', 'client']);
});

test('a server of version 1: the client alone is shown', async () => {
  const w = workspace();
  const script = w.script('hello.cjs', SAYS_HELLO, { interpreter: w.versionOneNode() });
  await w.run(script);
  const { stdout, stderr, status } = await trace(w, [script, 'you']);
  expect({ stdout, status }).toEqual({ stdout: 'hello you\n', status: 0 });
  expect(stderr).toContain('served by version 1');
  expect(stderr).toMatch(/^client +waits for the end/m);
  expect(stderr).not.toMatch(/^(server|executor)/m);
});

test('a call that is run directly is run, and has no timeline', async () => {
  const w = workspace();
  const script = w.script('hello.cjs', SAYS_HELLO);
  const outcome = await trace(w, [script, 'you'], { env: { PREFORK_INTERP_BYPASS: '1' } });
  expect(outcome).toMatchObject({ status: 1, stdout: 'hello you\n' });
  expect(outcome.stderr).toBe(
    `preforkctl: ${script}: no timeline, as it was run directly: PREFORK_INTERP_BYPASS says so\n`,
  );
});

test('a script whose initialisation fails has no timeline', async () => {
  const w = workspace();
  const script = w.script('fails.cjs', 'process.exit(3)');
  const outcome = await trace(w, [script]);
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toContain('no timeline, as the call failed: its initialisation did\n');
});

test('a client that cannot be traced', async () => {
  const w = workspace();
  const old = w.write('prefork-interp', '#!/bin/sh\nexit 5\n');
  chmodSync(old, 0o755);
  const script = w.script('hello.cjs', SAYS_HELLO, { client: old });
  const outcome = await trace(w, [script]);
  expect(outcome).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('not traced: its prefork-interp wrote nothing'),
  });
});

test('what cannot be traced is not run', async () => {
  const w = workspace();
  const touch = `: >${w.path('ran')}`;
  const shell = w.write('shell', `#!/bin/sh\n${touch}\n`);
  const bare = w.write('bare', touch);
  for (const file of [shell, bare]) chmodSync(file, 0o755);
  const plain = w.write('plain', `#!${CLIENT} -U,node\n`);
  const cases: [word: string, why: string][] = [
    [w.path('nothing'), 'nothing: no such file'],
    [w.directory, ': is a directory'],
    [shell, 'its #! line does not name prefork-interp: #!/bin/sh'],
    [bare, 'it does not begin with a #! line'],
    [plain, 'may not be executed'],
    ['plain', 'not on PATH; for a file in this directory say ./plain'],
  ];
  for (const [word, why] of cases) {
    const outcome = await trace(w, [word]);
    expect(outcome).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining(why) });
  }
  expect(existsSync(w.path('ran'))).toBe(false);
});

test('a script without a slash is found on PATH', async () => {
  const w = workspace();
  w.script('greets', SAYS_HELLO);
  const PATH = `${w.directory}:${dirname(NODE)}:/usr/bin:/bin`;
  expect(await trace(w, ['greets', 'you'], { env: { PATH } })).toMatchObject({ status: 0, stdout: 'hello you\n' });
});

test('command lines that make no sense', async () => {
  const w = workspace();
  const cases: [words: string[], why: string][] = [
    [['trace'], 'which script?'],
    [['trace', '--colour', 'x'], "Unknown option '--colour'"],
    [['trace', '--out'], "'--out"],
    [['trace', '--calls', '0', 'x'], '--calls is a number from 1 to 1000'],
    [['trace', '--calls', '1001', 'x'], '--calls is a number from 1 to 1000'],
    [['trace', '--calls', '1e2', 'x'], '--calls is a number from 1 to 1000'],
    [[], 'which command?'],
    [['toString'], 'no command toString'],
  ];
  for (const [words, why] of cases) {
    const outcome = await w.run(NODE, [PREFORKCTL, ...words]);
    expect(outcome).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(why) });
    expect(outcome.stderr).toContain('usage: preforkctl');
  }
  for (const words of [['--help'], ['trace', '--help']]) {
    const outcome = await w.run(NODE, [PREFORKCTL, ...words]);
    expect(outcome).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^usage: preforkctl/) });
  }
});

test('a trace file that cannot be written', async () => {
  const w = workspace();
  const script = w.script('hello.cjs', SAYS_HELLO);
  const outcome = await trace(w, ['--out', w.path('no/such/place'), script]);
  expect(outcome).toMatchObject({ status: 1, stdout: 'hello \n', stderr: expect.stringContaining('no/such/place') });
  // The client's own: it makes no file, and the call is as it would be.
  const env = { PREFORK_INTERP_TRACE: w.path('no-file') };
  const untold = await w.run(script, ['you'], { env });
  expect(untold).toMatchObject({ status: 0, stdout: 'hello you\n' });
  expect(untold.stderr).toBe(
    `prefork-interp: cannot write the trace to ${w.path('no-file')}: No such file or directory\n`,
  );
});
