/** What can go wrong with a first call: each way a function that makes one and sees it end as it should. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { expect } from 'vitest';
import { ColdStart, DONE } from './cold-start.js';
import { CLIENT } from './paths.js';
import { control } from './preforkctl.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';

/** What a way leaves in the run directory: nothing at all, or what is for a server that it has, or for the next call to clear away. */
type Leaves = 'nothing' | 'something';

/** Who has a terminal's interrupt key sends to all of the group. */
const IN_A_GROUP = 'setsid';
/** A directory that only the call sees, of another file system. */
const MOUNTING = `unshare ${process.getuid?.() === 0 ? '' : '-r'} --mount sh -c`;
const mounted = (options: string) =>
  `${MOUNTING} 'mount -t tmpfs -o mode=0700,${options} tmpfs "$PREFORK_INTERP_RUN_DIR" && exec "$@"' sh "$@"`;

function mayMount(): boolean {
  try {
    execFileSync('sh', ['-c', `${MOUNTING} 'mount -t tmpfs tmpfs /mnt'`], { stdio: 'ignore' });
    return true;
  } catch {
    // Who is not root, or in a container, may not.
    return false;
  }
}

type Way = readonly [leaves: Leaves, make: (start: ColdStart) => Promise<unknown>];

const FAILED = { status: 127, stdout: '' } as const;

const WAYS: Readonly<Record<string, Way>> = {
  'nothing goes wrong': ['something', (s) => s.ends('done.cjs', { status: DONE, stderr: '' })],
  'nothing goes wrong, laundered': [
    'something',
    async (s) => {
      const words = s.words('done.cjs').map((word) => (word === '-U' ? '-L' : word));
      expect(await s.w.run(CLIENT, words)).toMatchObject({ status: DONE, stderr: '' });
    },
  ],
  'two first calls at once': [
    'something',
    (s) => Promise.all([1, 2].map(() => s.ends('done.cjs', { status: DONE, stderr: '' }))),
  ],
  'version 1': ['something', (s) => s.ends('done.cjs', { status: DONE }, { interpreter: s.w.path('node-shim') })],
  'initialisation throws': ['nothing', (s) => s.ends('throws.cjs', { status: 1, stdout: '' })],
  'initialisation rejects': ['nothing', (s) => s.ends('rejects.cjs', { status: 1, stdout: '' })],
  'a syntax error': ['nothing', (s) => s.ends('syntax.cjs', { status: 1, stdout: '' })],
  'a script that is not there': ['nothing', (s) => s.ends('not-there.cjs', { status: 1, stdout: '' })],
  'initialisation exits': ['nothing', (s) => s.ends('exits.cjs', { status: 9, stderr: '' })],
  'initialisation exits, strict': ['nothing', (s) => s.ends('exits.cjs', { status: 9 }, { options: ['--strict'] })],
  'initialisation kills itself': [
    'nothing',
    async (s) => {
      const signal = (['SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGHUP'] as const)[s.number % 4] as NodeJS.Signals;
      await s.ends('kills-itself.cjs', { signal }, { args: [signal] });
    },
  ],
  'the fork point is never reached': ['nothing', (s) => s.ends('completes.cjs', FAILED)],
  'the script throws behind the fork point': ['something', (s) => s.ends('throws-later.cjs', { status: 1 })],
  'the client is killed during initialisation': [
    'something',
    async (s) => {
      const call = s.start('waits.cjs');
      await s.here(call);
      call.kill('SIGKILL');
      expect(await call.outcome).toMatchObject({ signal: 'SIGKILL' });
    },
  ],
  'the client is killed at once': [
    'something',
    async (s) => {
      const call = s.start('done.cjs');
      await until('it has bound its socket', () => s.w.rendezvous().includes(`s2.${s.ident}`));
      call.kill('SIGKILL');
      await call.outcome;
    },
  ],
  'initialisation is killed by somebody': [
    'nothing',
    async (s) => {
      const call = s.start('waits.cjs');
      process.kill(await s.here(call), 'SIGKILL');
      expect(await call.outcome).toMatchObject({ signal: 'SIGKILL' });
    },
  ],
  'the interrupt key during initialisation': [
    'something',
    async (s) => {
      const call = s.w.start(IN_A_GROUP, [CLIENT, ...s.words('waits.cjs')], { env: { GO: '/dev/null/never' } });
      await s.here(call);
      process.kill(-call.pid, 'SIGINT');
      expect(await call.outcome).toMatchObject({ signal: 'SIGINT' });
    },
  ],
  'the run directory is removed during initialisation': [
    'nothing',
    async (s) => {
      const runDirectory = s.ownRunDirectory();
      const call = s.start('waits.cjs', {}, { env: { PREFORK_INTERP_RUN_DIR: runDirectory } });
      await s.here(call);
      rmSync(runDirectory, { recursive: true });
      s.letGo();
      expect(await call.outcome).toMatchObject({ status: DONE });
    },
  ],
  'there can be no run directory': [
    'nothing',
    (s) => s.ends('done.cjs', { status: DONE, stderr: '' }, {}, { env: { PREFORK_INTERP_RUN_DIR: '/dev/null/r' } }),
  ],
  'hardly any descriptors': ['nothing', (s) => s.inShell('ulimit -n 64; exec "$@"', { status: DONE, stderr: '' })],
  'no interpreter': ['nothing', (s) => s.ends('done.cjs', FAILED, { interpreter: 'no-such-interpreter' })],
  'an interpreter that may not be executed': [
    'nothing',
    (s) => s.ends('done.cjs', FAILED, { interpreter: s.w.path('not-executable') }),
  ],
  'an interpreter that is no program': [
    'nothing',
    (s) => s.ends('done.cjs', FAILED, { interpreter: s.w.path('no-program') }),
  ],
  'an option of the client that there is not': [
    'nothing',
    (s) => s.ends('done.cjs', FAILED, { options: ['--nonsense'] }),
  ],
  'an option of the server that means nothing': ['nothing', (s) => s.ends('options.cjs', { status: 1, stdout: '' })],
  'a thread at the fork point': ['nothing', (s) => s.ends('thread.cjs', { status: 1, stdout: '' })],
  'a request at the fork point': ['nothing', (s) => s.ends('request.cjs', { status: 1, stdout: '' })],
  'a child process at the fork point': ['nothing', (s) => s.ends('child.cjs', { status: 1, stdout: '' })],
  'a script that never ends, without input, is terminated': [
    'something',
    async (s) => {
      const call = s.start('never-ends.cjs');
      await call.line();
      call.kill('SIGTERM');
      expect(await call.outcome).toMatchObject({ signal: 'SIGTERM' });
    },
  ],
  'the client of a script that never ends is killed': [
    'something',
    async (s) => {
      const call = s.start('never-ends.cjs');
      await call.line();
      call.kill('SIGKILL');
      expect(await call.outcome).toMatchObject({ signal: 'SIGKILL' });
    },
  ],
  'the server is killed behind the first call': [
    'something',
    async (s) => {
      const { stdout } = await s.ends('stays.cjs', { status: DONE });
      process.kill(Number(stdout.split(' ').at(-1)), 'SIGKILL');
    },
  ],
  'the server is killed during the first call': [
    'something',
    async (s) => {
      const call = s.start('never-ends.cjs');
      process.kill(Number((await call.line()).split(' ')[1]), 'SIGKILL');
      const { status, stderr } = await call.outcome;
      expect({ status, stderr }).toEqual({ status: 127, stderr: expect.stringContaining('lost the server') });
    },
  ],
  'preforkctl stops it while it starts': [
    'nothing',
    async (s) => {
      const call = s.start('waits.cjs');
      await s.here(call);
      const stopping = control(s.w, ['stop', '--wait', '60', `2.${s.ident}`]);
      s.letGo();
      expect(await call.outcome).toMatchObject({ status: DONE });
      expect(await stopping).toMatchObject({ status: 0, stderr: '' });
    },
  ],
  'another takes its place while it starts': [
    'something',
    async (s) => {
      const call = s.start('waits.cjs');
      await s.here(call);
      const other = s.start('waits.cjs', { options: ['-f'] });
      s.letGo();
      for (const each of [call, other]) expect(await each.outcome).toMatchObject({ status: DONE });
    },
  ],
  ...(mayMount() && {
    'the run directory is read-only': ['nothing', (s) => s.inShell(mounted('ro'), { status: DONE, stderr: '' })],
    'no name can be made': ['nothing', (s) => s.inShell(mounted('nr_inodes=1'), { status: DONE, stderr: '' })],
    'hardly a byte can be written': [
      'nothing',
      (s) => s.inShell(mounted('size=1,nr_inodes=9'), { status: DONE, stderr: '' }),
    ],
  }),
};

export const WAYS_TO_START: readonly string[] = Object.keys(WAYS);

/** Makes a first call in this way. Throws where it does not end as it should, or leaves more than it should. */
export async function coldStart(w: Workspace, number: number, way: string): Promise<void> {
  const start = new ColdStart(w, number);
  const [leaves, make] = WAYS[way] as Way;
  await make(start);
  if (leaves === 'nothing')
    expect(w.rendezvous().filter((name) => name.slice(1).replace(/^2\./, '') === start.ident)).toEqual([]);
}
