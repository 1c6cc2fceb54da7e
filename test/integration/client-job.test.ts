/** The client as a job: it stops when its script stops, by the same signal, and the script goes on when the client does. */
import { describe, expect, test } from 'vitest';
import { type Conversation, continued, ended, FakeV2, signalNumber, stopped } from '../support/fake-v2.js';
import { Job } from '../support/job.js';
import { CLIENT } from '../support/paths.js';
import { alive, descriptorsOf, type Process, processOf } from '../support/processes.js';
import { KEYS, Terminal } from '../support/terminal.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const CONT = signalNumber('SIGCONT');
const TSTP = signalNumber('SIGTSTP');
const TTIN = signalNumber('SIGTTIN');

function client(w: Workspace): Promise<Process> {
  return until('the client runs', () => w.processes().find(({ commandLine }) => commandLine.startsWith(CLIENT)));
}

/** What is said of a stop before the start is no matter of the client's. */
async function relaying(pid: number): Promise<void> {
  await until('the client relays: it has let go of its output', () => !descriptorsOf(pid).has(1));
}

async function startedJob(w: Workspace): Promise<{ job: Job; call: Conversation }> {
  const fake = await FakeV2.start(w, (conversation) => conversation.begin());
  const job = await Job.start(w, fake.command());
  const call = await fake.conversation();
  await relaying(job.pid);
  return { job, call };
}

const STOPS = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const;

test.each(STOPS)('the script is stopped by %s: so is the client, and one SIGCONT goes back', async (signal) => {
  const { job, call } = await startedJob(workspace());
  await call.say(stopped(signalNumber(signal)));
  expect(await job.change()).toBe(`stopped ${signalNumber(signal)}`);
  expect(call.unread, 'nothing is said while it is stopped').toEqual([]);
  job.kill('SIGCONT');
  expect(await job.change()).toBe('continued');
  expect(await call.signal()).toBe(CONT);
  await call.say(continued(), ended(5 << 8));
  expect(await job.change()).toBe(`ended ${5 << 8}`);
  expect(call.unread).toEqual([]);
});

test('ten stops and continuations in a row: each is seen once, on both sides', async () => {
  const { job, call } = await startedJob(workspace());
  for (let round = 0; round < 10; round++) {
    job.kill('SIGTSTP');
    expect(await call.signal()).toBe(TSTP);
    await call.say(stopped(TSTP));
    expect(await job.change()).toBe(`stopped ${TSTP}`);
    job.kill('SIGCONT');
    expect(await job.change()).toBe('continued');
    expect(await call.signal()).toBe(CONT);
    await call.say(continued());
  }
  expect(call.unread).toEqual([]);
  await call.say(ended(0));
  expect(await job.change()).toBe('ended 0');
});

test('stops and continuations in a row, and a server that does not tell of the latter', async () => {
  const { job, call } = await startedJob(workspace());
  for (let round = 0; round < 3; round++) {
    await call.say(stopped(TSTP));
    expect(await job.change()).toBe(`stopped ${TSTP}`);
    job.kill('SIGCONT');
    expect(await job.change()).toBe('continued');
    expect(await call.signal()).toBe(CONT);
  }
  await call.say(ended(0));
  expect(await job.change()).toBe('ended 0');
});

test('a SIGCONT that crosses the news of a stop is answered: the client is not left stopped beside a script that runs', async () => {
  const { job, call } = await startedJob(workspace());
  job.kill('SIGTSTP');
  expect(await call.signal()).toBe(TSTP);
  job.kill('SIGCONT');
  expect(await call.signal()).toBe(CONT);
  await call.say(stopped(TSTP));
  await call.say(continued());
  job.kill('SIGUSR1');
  expect(await call.signal()).toBe(signalNumber('SIGUSR1'));
  await call.say(ended(1 << 8));
  expect(await job.change(), 'no stop was seen').toBe(`ended ${1 << 8}`);
});

test('a stop that is taken back or overtaken by the end before it is read is none', async () => {
  const { job, call } = await startedJob(workspace());
  await call.say(stopped(TSTP), continued());
  job.kill('SIGUSR1');
  expect(await call.signal(), 'it runs').toBe(signalNumber('SIGUSR1'));
  await call.say(stopped(TSTP), ended(2 << 8));
  expect(await job.change()).toBe(`ended ${2 << 8}`);
});

test('the script ends while the client is stopped: it ends likewise when it goes on', async () => {
  const { job, call } = await startedJob(workspace());
  await call.say(stopped(TSTP));
  expect(await job.change()).toBe(`stopped ${TSTP}`);
  await call.say(ended(9));
  job.kill('SIGCONT');
  expect(await job.end()).toBe('ended 9');
});

test('the server goes while the client is stopped: one line, 127, when it goes on', async () => {
  const { job, call } = await startedJob(workspace());
  await call.say(stopped(TSTP));
  expect(await job.change()).toBe(`stopped ${TSTP}`);
  call.socket.destroy();
  job.kill('SIGCONT');
  expect(await job.end()).toBe(`ended ${127 << 8}`);
  expect((await job.parent.outcome).stderr).toMatch(/^prefork-interp: lost the server of [^\n]*\n$/);
});

test('signals that come while the client is stopped are relayed behind the SIGCONT', async () => {
  const { job, call } = await startedJob(workspace());
  await call.say(stopped(TSTP));
  await job.change();
  job.kill('SIGUSR1');
  job.kill('SIGTERM');
  job.kill('SIGCONT');
  expect([await call.signal(), await call.signal(), await call.signal()]).toEqual([
    CONT,
    signalNumber('SIGUSR1'),
    signalNumber('SIGTERM'),
  ]);
  await call.say(ended(15));
  expect(await job.end()).toBe('ended 15');
});

test('a caller that ignores SIGTSTP: the client stops by it all the same, as its script has', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w, (conversation) => conversation.begin());
  const job = await Job.start(w, ['sh', '-c', 'trap "" TSTP; exec "$@"', 'sh', ...fake.command()]);
  const call = await fake.conversation();
  await relaying(job.pid);
  await call.say(stopped(TSTP));
  expect(await job.change()).toBe(`stopped ${TSTP}`);
  job.kill('SIGCONT');
  expect(await call.signal()).toBe(CONT);
  await call.say(ended(0));
});

test('in an orphaned process group nothing but SIGSTOP stops: the script is continued at once', async () => {
  const w = workspace();
  const fake = await FakeV2.start(w, (conversation) => conversation.begin());
  // A session of its own: the parent is in another one (setpgid(2)).
  const running = w.start('setsid', ['--wait', ...fake.command()]);
  const call = await fake.conversation();
  await relaying((await client(w)).pid);
  for (const signal of [TSTP, TTIN, signalNumber('SIGTTOU')]) {
    await call.say(stopped(signal));
    expect(await call.signal()).toBe(CONT);
    await call.say(continued());
  }
  await call.say(ended(3 << 8));
  expect(await running.outcome).toMatchObject({ status: 3, stderr: '' });
});

describe.each(['bash', 'dash'] as const)('in a terminal, with %s', (shell) => {
  /** A call in the foreground, of which the terminal shows nothing but what the client itself says. */
  async function foreground(w: Workspace) {
    const fake = await FakeV2.start(w, (conversation) => conversation.begin());
    const terminal = await Terminal.open(w, { shell, env: w.env });
    await terminal.start(fake.command().join(' '));
    const call = await fake.conversation();
    const { pid } = await client(w);
    await relaying(pid);
    return { terminal, call, pid };
  }

  test('^Z and fg, ten times', async () => {
    const { terminal, call, pid } = await foreground(workspace());
    expect(descriptorsOf(pid).get(0)).toMatch(/^\/dev\/pts\//);
    for (let round = 0; round < 10; round++) {
      terminal.type(KEYS.suspend);
      expect(await call.signal()).toBe(TSTP);
      // The shell has the terminal when the script has stopped, and not before.
      expect(processOf(pid)?.state).not.toBe('T');
      await call.say(stopped(TSTP));
      expect(await terminal.prompt()).toMatch(/Stopped/);
      await terminal.start('fg');
      expect(await call.signal()).toBe(CONT);
      await call.say(continued());
    }
    await call.say(ended(7 << 8));
    await terminal.prompt();
    expect(await terminal.command('echo $?')).toBe('7\n');
    expect(call.unread).toEqual([]);
  });

  test('bg: a script that could take the input from the shell stays stopped', async () => {
    const { terminal, call, pid } = await foreground(workspace());
    terminal.type(KEYS.suspend);
    expect(await call.signal()).toBe(TSTP);
    await call.say(stopped(TSTP));
    await terminal.prompt();
    for (let round = 0; round < 3; round++) {
      await terminal.command('bg');
      await until('it is stopped again', () => processOf(pid)?.state === 'T');
      expect(call.unread).toEqual([]);
    }
    await terminal.start('fg');
    expect(await call.signal()).toBe(CONT);
    await call.say(continued(), ended(0));
    await terminal.prompt();
  });

  test('kill of a stopped job: the script gets the signal, and the client ends as it does', async () => {
    const { terminal, call, pid } = await foreground(workspace());
    terminal.type(KEYS.suspend);
    await call.signal();
    await call.say(stopped(TSTP));
    await terminal.prompt();
    await terminal.command('kill %1; kill -s CONT %1');
    expect(await call.signal()).toBe(CONT);
    expect(await call.signal()).toBe(signalNumber('SIGTERM'));
    await call.say(continued(), ended(15));
    await until('the client has ended', () => !alive(pid));
    expect(await terminal.command('jobs')).toMatch(/Terminated/);
  });

  test('^C and ^\\ and the size of the window go to the script', async () => {
    const { terminal, call } = await foreground(workspace());
    terminal.type(KEYS.interrupt);
    expect(await call.signal()).toBe(signalNumber('SIGINT'));
    terminal.type(KEYS.quit);
    expect(await call.signal()).toBe(signalNumber('SIGQUIT'));
    terminal.resize(100, 50);
    expect(await call.signal()).toBe(signalNumber('SIGWINCH'));
    await call.say(ended(signalNumber('SIGINT')));
    await terminal.prompt();
    expect(await terminal.command('echo $?')).toBe('130\n');
  });

  test('the terminal goes: SIGHUP reaches the script, stopped or not', async () => {
    const { terminal, call } = await foreground(workspace());
    terminal.type(KEYS.suspend);
    await call.signal();
    await call.say(stopped(TSTP));
    await terminal.prompt();
    const gone = terminal.hangUp();
    const seen = [await call.signal(), await call.signal()];
    expect(seen.sort((a, b) => a - b)).toEqual([signalNumber('SIGHUP'), CONT]);
    await call.say(ended(1));
    await gone;
  });
});
