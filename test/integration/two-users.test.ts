/** Two users of one machine: neither can use, impersonate or hinder the other's servers. */
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SERVED } from '../support/compared.js';
import { inContext } from '../support/in-context.js';
import { AS_ORDINARY_USER, canRunAsOrdinaryUser, isRoot, OTHER_USER } from '../support/other-user.js';
import type { Outcome, StartOptions } from '../support/running.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** Says whose it is, and who serves it. */
const SCRIPT = `
  process.preforkInterp?.initialisationComplete();
  console.log(process.getuid(), process.ppid, process.env.WHO);`;

/** Connects to the path that it is given, says something, and tells what became of that. */
const INTRUDER = `
  const socket = require('node:net').connect(process.argv[2], () => socket.write(Buffer.from(process.argv[3], 'hex')));
  let received = 0;
  socket.on('data', (data) => { received += data.length; });
  socket.on('error', (error) => console.log(error.code)).on('end', () => console.log('ended', received));`;

/** Listens at the path that it is given, and tells what it is sent. */
const IMPOSTOR = `
  const server = require('node:net').createServer((socket) => {
    socket.on('data', (data) => console.log('heard ' + data.length)).on('error', () => {});
  });
  server.listen(process.argv[2], () => console.log('listening'));`;

interface Place {
  readonly w: Workspace;
  readonly script: string;
  /** The same, but it does not run directly. */
  readonly strict: string;
  /** A directory of the other user. */
  readonly own: string;
}

function place(): Place {
  const w = workspace();
  chmodSync(w.directory, 0o755);
  const own = w.path('own');
  mkdirSync(own, { mode: 0o700 });
  chownSync(own, OTHER_USER, OTHER_USER);
  return { w, own, script: w.script('who.cjs', SCRIPT), strict: w.script('strict.cjs', SCRIPT, SERVED) };
}

function byOther(w: Workspace, command: string[], options: StartOptions = {}): Promise<Outcome> {
  const [program, ...rest] = inContext(AS_ORDINARY_USER, command);
  return w.run(program, rest, options);
}

/** A call that runs directly, and says nothing of it; and one that fails, strictly, with this message. */
async function holdRefused({ w, script, strict }: Place, message: string | RegExp): Promise<void> {
  const direct = await w.run(script);
  expect(direct).toMatchObject({ status: 0, stderr: '', stdout: `0 ${process.pid} undefined\n` });
  const failed = await w.run(strict);
  expect(failed).toMatchObject({ status: 127, stdout: '' });
  expect(failed.stderr).toMatch(message);
  expect(failed.stderr).toMatch(/^prefork-interp: [^\n]*\n$/);
  expect(w.servers()).toEqual([]);
}

describe.skipIf(!isRoot || !canRunAsOrdinaryUser())('another user', () => {
  test('cannot connect to a server', async () => {
    const here = place();
    const { w, script } = here;
    const intruder = w.write('intruder.cjs', INTRUDER);
    const first = await w.run(script);
    const socket = join(w.runDirectory, w.rendezvous().find((name) => name.startsWith('s')) as string);
    // A header of version 2, of an inquiry for the state of the server; and what follows it.
    const inquiry = '510200000000000c' + '0009000000000004' + '00000001';
    expect((await byOther(w, ['node', intruder, socket, inquiry])).stdout).toBe('EACCES\n');
    // Also where nothing but the server itself is in his way.
    chmodSync(w.runDirectory, 0o755);
    chmodSync(socket, 0o666);
    for (const _ of [1, 2]) {
      const { stdout } = await byOther(w, ['node', intruder, socket, inquiry]);
      expect(stdout).toMatch(/^(ended 0|EPIPE|ECONNRESET)\n/);
    }
    chmodSync(w.runDirectory, 0o700);
    const own = await w.run('node', [intruder, socket, inquiry]);
    expect(own.stdout, 'to its own user it answers').toMatch(/^ended [1-9]/);
    expect(await w.run(script), 'the server is as it was').toEqual(first);
  });

  test('has servers of his own', async () => {
    const { w, script, own } = place();
    const env = (WHO: string, directory: string) => ({ env: { WHO, PREFORK_INTERP_RUN_DIR: directory } });
    const servers = new Map<string, string>();
    for (const _ of ['first', 'warm']) {
      for (const [who, uid, directory] of [
        ['us', 0, w.runDirectory],
        ['him', OTHER_USER, own],
      ] as const) {
        const options = env(who, directory);
        const outcome = await (uid === 0 ? w.run(script, [], options) : byOther(w, [script], options));
        expect(outcome).toMatchObject({ status: 0, stderr: '' });
        const [, parent = ''] = outcome.stdout.split(' ');
        expect(outcome.stdout).toBe(`${uid} ${parent} ${who}\n`);
        expect(servers.get(who) ?? parent).toBe(parent);
        servers.set(who, parent);
      }
    }
    expect(new Set(servers.values()).size).toBe(2);
    rmSync(own, { recursive: true });
  });

  test('who names our run directory for his calls has them run directly, as himself', async () => {
    const { w, script, strict } = place();
    await w.run(script);
    const direct = await byOther(w, [script], { env: { WHO: 'him' } });
    expect(direct).toMatchObject({ status: 0, stdout: `${OTHER_USER} ${process.pid} him\n`, stderr: '' });
    const failed = await byOther(w, [strict]);
    expect(failed).toMatchObject({ status: 127, stdout: '' });
    expect(failed.stderr).toMatch(/the run directory .* belongs to user 0, not to this one/);
    expect(w.servers().length).toBe(1);
  });

  describe('cannot put in the place of the run directory', () => {
    const SQUATS: [what: string, make: (place: Place) => void, message: RegExp][] = [
      ['a directory of his', ({ w }) => squat(w.runDirectory, 0o700), /belongs to user 54321/],
      ['one that is open to all', ({ w }) => squat(w.runDirectory, 0o777), /belongs to user 54321/],
      ['a link to one of his', ({ w, own }) => symlinkSync(own, w.runDirectory), /is not a directory/],
      ['a link to nothing', ({ w }) => symlinkSync('nowhere', w.runDirectory), /is not a directory/],
      ['a link to a good one of ours', ({ w }) => linkToGood(w), /is not a directory/],
      ['a file', ({ w }) => writeFileSync(w.runDirectory, ''), /is not a directory/],
      [
        'one of ours that is open to its group',
        ({ w }) => ours(w.runDirectory, 0o770),
        /is open to others \(mode 0?770\)/,
      ],
      ['one of ours that others can read', ({ w }) => ours(w.runDirectory, 0o744), /is open to others \(mode 0?744\)/],
    ];
    function squat(path: string, mode: number): void {
      mkdirSync(path);
      chmodSync(path, mode);
      chownSync(path, OTHER_USER, OTHER_USER);
    }
    function ours(path: string, mode: number): void {
      mkdirSync(path);
      chmodSync(path, mode);
    }
    function linkToGood(w: Workspace): void {
      mkdirSync(w.path('good'), { mode: 0o700 });
      symlinkSync('good', w.runDirectory);
    }

    test.each(SQUATS)('%s', async (_, make, message) => {
      const here = place();
      rmSync(here.w.runDirectory, { recursive: true });
      make(here);
      await holdRefused(here, message);
    });
  });

  test('who has put a socket of his own in the place of a server’s hears nothing', async () => {
    const here = place();
    const { w, script, strict } = here;
    const impostor = w.write('impostor.cjs', IMPOSTOR);
    // The name is no secret: for him to use it, the directory has to be his for a moment.
    const names: string[] = [];
    for (const each of [script, strict]) {
      await w.run(each);
      names.push(w.rendezvous().find((name) => name.startsWith('s')) as string);
      rmSync(w.runDirectory, { recursive: true });
      mkdirSync(w.runDirectory, { mode: 0o700 });
      await w.empty();
    }
    chownSync(w.runDirectory, OTHER_USER, OTHER_USER);
    const impostors = names.map((name) => {
      const [program, ...rest] = inContext(AS_ORDINARY_USER, ['node', impostor, join(w.runDirectory, name)]);
      return w.start(program, rest);
    });
    for (const each of impostors) expect(await each.line()).toBe('listening');
    for (const name of names) chmodSync(join(w.runDirectory, name), 0o666);
    chownSync(w.runDirectory, 0, 0);
    await holdRefused(here, /54321/);
    for (const each of impostors) {
      each.kill('SIGTERM');
      expect((await each.outcome).stdout).toBe('listening\n');
    }
  });
});
