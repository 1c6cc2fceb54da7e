/** A signal to the client is a signal to the script: whoever waits for it sees what plain node would show. */
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { Watched } from '../support/parent.js';
import { alive, descriptorsOf, processOf } from '../support/processes.js';
import { sideBySide } from '../support/side-by-side.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const RELAYED = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const),
  ...(['SIGWINCH', 'SIGPIPE', 'SIGCONT', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const),
];
/** Nothing comes of these where nobody listens. (SIGUSR1 starts Node's debugger; docs/fork-safety.md.) */
const HARMLESS = ['SIGUSR1', 'SIGWINCH', 'SIGPIPE', 'SIGCONT', 'SIGCHLD', 'SIGURG'];
const AT_ONCE = 4;
const TELLING = /^(?:heard \w+|parent: (?:stopped|ended) \d+)$/;

type How = 'default' | 'ends' | 'goes on';

/** Sends a signal to a command that runs test/fixtures/obeys.cjs, and sees it through to its end: all that it and its parent say. */
async function storyOf(w: Workspace, command: readonly string[], how: How, signal: string | number): Promise<string[]> {
  const watched = new Watched(w, [...command, how]);
  const [, script] = await watched.says(/^ready (\d+) \d+$/);
  await watched.kill(signal as NodeJS.Signals);
  if (how !== 'default' || !HARMLESS.includes(String(signal))) {
    const [told] = await watched.says(TELLING);
    // It has its input still: what ends the script is the signal, or the end of its client.
    if (told.includes('ended')) await until('the script has ended too', () => !alive(Number(script)));
    if (told.includes('stopped')) {
      await watched.kill('SIGCONT');
      await watched.says(/^parent: continued$/);
    }
  }
  return watched.story();
}

/** The same under plain node and as a call, each case of `cases` with its name. */
async function compared(cases: readonly (readonly [How, string | number])[]) {
  const w = workspace();
  const script = w.fixture('obeys.cjs');
  await w.run(script, ['default']);
  const table = async (command: readonly string[]) => {
    const stories = await sideBySide(AT_ONCE, cases, ([how, signal]) => storyOf(w, command, how, signal));
    return Object.fromEntries(cases.map(([how, signal], at) => [`${signal}, ${how}`, stories[at]]));
  };
  return { plain: await table(['node', script]), calls: await table([script]) };
}

test('each signal, without a listener, with one that ends, with one that goes on: outcome and wait status', async () => {
  const hows: How[] = ['default', 'ends', 'goes on'];
  const { plain, calls } = await compared(hows.flatMap((how) => RELAYED.map((signal) => [how, signal] as const)));
  expect(plain['SIGTERM, default']).toEqual([
    'parent: of ..',
    'ready ..',
    `parent: ended ${constants.signals.SIGTERM}`,
  ]);
  expect(calls).toEqual(plain);
});

/** Those that are not relayed end the client, and with it the call. */
const OTHERS = [
  ...['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGTRAP', 'SIGSYS', 'SIGXCPU', 'SIGVTALRM', 'SIGPROF'],
  ...['SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGKILL', 'SIGSTOP', 'SIGCHLD', 'SIGURG', 34, 50, 64],
];

test('other signals, those for real time too: the same wait status, and the script goes with its client', async () => {
  const { plain, calls } = await compared(OTHERS.map((signal) => ['default', signal] as const));
  expect(plain['SIGKILL, default']).toContain(`parent: ended ${constants.signals.SIGKILL}`);
  expect(calls).toEqual(plain);
});

test('in a session of its own, where no shell could let it go on, a stop does nothing', async () => {
  const w = workspace();
  const script = w.fixture('obeys.cjs');
  const storyIn = async (command: readonly string[], signal: NodeJS.Signals) => {
    const watched = new Watched(w, ['--session', ...command, 'default']);
    await watched.says(/^ready \d+ \d+$/);
    await watched.kill(signal);
    return watched.story();
  };
  for (const signal of ['SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const) {
    const plain = await storyIn(['node', script], signal);
    expect(plain).toEqual(['parent: of ..', 'ready ..', 'the end', `parent: ended ${5 << 8}`]);
    expect(await storyIn([script], signal)).toEqual(plain);
  }
});

test.each(['SIGTERM', 'SIGTSTP', 'SIGUSR2', 'SIGKILL'] as const)(
  'of four calls that run only the one hit by %s notices; nothing reaches server or others',
  async (signal) => {
    const w = workspace();
    const script = w.fixture('obeys.cjs');
    const calls = ['default', 'goes on', 'ends', 'goes on'].map((how) => new Watched(w, [script, how]));
    const ready = await Promise.all(calls.map((call) => call.says(/^ready (\d+) (\d+)$/)));
    const [hit, ...others] = calls as [Watched, ...Watched[]];
    const server = w.server().pid;
    expect(ready.map(([, , parent]) => Number(parent))).toEqual(calls.map(() => server));
    await hit.kill(signal);
    if (signal === 'SIGTSTP') {
      await hit.says(/^parent: stopped 20$/);
      expect(processOf(Number(ready[0]?.[1]))?.state).toBe('T');
      expect(ready.slice(1).map(([, pid]) => processOf(Number(pid))?.state)).toEqual(['S', 'S', 'S']);
      await hit.kill('SIGCONT');
      hit.running.endInput();
    }
    await hit.says(/^parent: ended \d+$/);
    hit.running.endInput();
    // Had anything reached them, they would have said so before their end.
    for (const call of others)
      expect(await call.story()).toEqual(['parent: of ..', 'ready ..', 'the end', `parent: ended ${5 << 8}`]);
    expect(w.server().pid).toBe(server);
  },
);

/** A call that is offered to a server which stands still: it is connected, and waits. */
async function offered(w: Workspace, script: string): Promise<{ call: Watched; server: number }> {
  const server = w.server().pid;
  process.kill(server, 'SIGSTOP');
  await until('the server stands still', () => processOf(server)?.state === 'T');
  const call = new Watched(w, [script]);
  const pid = await call.pid();
  await until('the client waits for the server', () => {
    const open = [...descriptorsOf(pid).values()].join(' ');
    return /socket:.*\[signalfd\]|\[signalfd\].*socket:/.test(open) && processOf(pid)?.state === 'S';
  });
  return { call, server };
}

/** Says that it runs, also where that outlives it. */
const COUNTED = `process.preforkInterp?.initialisationComplete();
  require('node:fs').appendFileSync('ran', 'x');`;

test('a signal between connect and the start of the script: the client dies of it, and the script is never run', async () => {
  const w = workspace();
  const script = w.script('counted.cjs', COUNTED);
  await w.run(script);
  for (const signal of RELAYED.slice(0, 7)) {
    const { call, server } = await offered(w, script);
    await call.kill(signal);
    await call.says(new RegExp(`^parent: ended ${constants.signals[signal]}$`));
    process.kill(server, 'SIGCONT');
    // What was sent along with the call is not kept: the output has an end.
    expect((await call.story()).length, signal).toBe(2);
    // The server comes to this call after it has seen to the one before.
    expect(await w.run(script)).toMatchObject({ status: 0, stderr: '' });
    expect(w.server().pid).toBe(server);
  }
  expect((await w.run('cat', ['ran'])).stdout).toBe('x'.repeat(8));
});

test('a stop between connect and the start of the script: the client stops, and offers the call anew when it goes on', async () => {
  const w = workspace();
  const script = w.script('counted.cjs', COUNTED);
  await w.run(script);
  for (const signal of ['SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGSTOP'] as const) {
    const { call, server } = await offered(w, script);
    await call.kill(signal);
    await call.says(new RegExp(`^parent: stopped ${constants.signals[signal]}$`));
    process.kill(server, 'SIGCONT');
    await call.kill('SIGCONT');
    expect((await call.story()).slice(1), signal).toEqual([
      `parent: stopped ${constants.signals[signal]}`,
      'parent: continued',
      'parent: ended 0',
    ]);
  }
  expect((await w.run('cat', ['ran'])).stdout).toBe('x'.repeat(5));
});

test('kill -9 of the client ends the call: by an interrupt, and where that is ignored, by SIGKILL', async () => {
  const w = workspace();
  const script = w.script(
    'deaf.cjs',
    `const { appendFileSync } = require('node:fs');
     process.preforkInterp?.initialisationComplete();
     process.on('SIGINT', () => {
       appendFileSync('heard', process.argv[2]);
       if (process.argv[2] === 'polite ') process.exit();
     });
     setInterval(() => {}, 1e6);
     console.log('ready', process.pid);`,
  );
  const calls = ['polite ', 'deaf '].map((how) => w.start(script, [how]));
  const executors = await Promise.all(calls.map(async (call) => Number((await call.says(/ready (\d+)/))[1])));
  for (const call of calls) call.kill('SIGKILL');
  await until('both have ended', () => !executors.some(alive));
  expect((await w.run('sh', ['-c', 'tr " " "\\n" < heard | sort'])).stdout).toBe('deaf\npolite\n');
});

test('a child that the script has left in the background lives on after its end', async () => {
  const w = workspace();
  const script = w.script(
    'leaves.cjs',
    `const { spawn } = require('node:child_process');
     process.preforkInterp?.initialisationComplete();
     const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
     child.unref();
     console.log(child.pid);`,
  );
  for (const command of [['node', script], [script], [script]] as const) {
    const outcome = await w.run(command[0], command.slice(1));
    const child = Number(outcome.stdout);
    expect({ ...outcome, alive: alive(child) }).toMatchObject({ status: 0, alive: true });
    process.kill(child, 'SIGKILL');
  }
});

test('a script that somebody else stops and lets go on: so does what its parent sees', async () => {
  const w = workspace();
  const script = w.fixture('obeys.cjs');
  await w.run(script, ['default']);
  const stories: string[][] = [];
  for (const command of [['node', script], [script]]) {
    const watched = new Watched(w, [...command, 'default']);
    const pid = Number((await watched.says(/^ready (\d+) \d+$/))[1]);
    for (const signal of ['SIGSTOP', 'SIGTSTP'] as const) {
      process.kill(pid, signal);
      await watched.says(/^parent: stopped \d+$/);
      process.kill(pid, 'SIGCONT');
      await watched.says(/^parent: continued$/);
    }
    stories.push(await watched.story());
  }
  const [plain, call] = stories;
  expect(plain).toContain(`parent: stopped ${constants.signals.SIGSTOP}`);
  expect(call).toEqual(plain);
});

test('a script that somebody else ends while it is stopped: its parent sees the end', async () => {
  const w = workspace();
  const script = w.fixture('obeys.cjs');
  await w.run(script, ['default']);
  const stories: string[][] = [];
  for (const command of [['node', script], [script]]) {
    const watched = new Watched(w, [...command, 'default']);
    const pid = Number((await watched.says(/^ready (\d+) \d+$/))[1]);
    process.kill(pid, 'SIGTSTP');
    await watched.says(/^parent: stopped \d+$/);
    process.kill(pid, 'SIGKILL');
    await watched.says(/^parent: ended \d+$/);
    // That the client had to be let go on for it is between them.
    stories.push((await watched.story()).filter((line) => line !== 'parent: continued'));
  }
  const [plain, call] = stories;
  expect(plain).toContain(`parent: ended ${constants.signals.SIGKILL}`);
  expect(call).toEqual(plain);
});
