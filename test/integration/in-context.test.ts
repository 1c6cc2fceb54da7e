/** The tool that makes contexts for tests makes what it is asked for: seen by other programs, and by the kernel's own account. */
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { canMake, inContext, LAST_PROCESSOR, PROCESSORS, printedIn } from '../support/in-context.js';
import { nativeTool } from '../support/native-tools.js';
import { workspace } from '../support/workspace.js';

const status = (field: string) => ['sed', '-n', `s/^${field}:\\s*//p`, '/proc/self/status'];
const mask = (...signals: NodeJS.Signals[]) =>
  signals.reduce((sum, name) => sum | (1 << (constants.signals[name] - 1)), 0).toString(16);
/** What not everybody may do, everywhere; the rest has to work. */
const PRIVILEGED = ['--groups', '--gid', '--uid', '--unshare'];

describe('what it makes', () => {
  const made: [string[], string[], string | RegExp][] = [
    [['--hard-limit', 'nofile=100'], ['sh', '-c', 'ulimit -Hn; ulimit -Sn'], '100\n100\n'],
    [['--soft-limit', 'nofile=50'], ['sh', '-c', 'ulimit -Sn'], '50\n'],
    [['--hard-limit', 'cpu=1000', '--soft-limit', 'cpu=7'], ['sh', '-c', 'ulimit -St; ulimit -Ht'], '7\n1000\n'],
    [['--nice', '19'], ['nice'], '19\n'],
    [['--affinity', LAST_PROCESSOR], status('Cpus_allowed_list'), `${LAST_PROCESSOR}\n`],
    [['--affinity', PROCESSORS], status('Cpus_allowed_list'), `${PROCESSORS}\n`],
    [['--no-new-privs'], status('NoNewPrivs'), '1\n'],
    [['--no-new-privs', '--seccomp-allow-all', '--seccomp-allow-all'], status('Seccomp_filters'), '2\n'],
    [['--no-new-privs', '--seccomp-no-socket'], status('Seccomp'), '2\n'],
    [['--drop-capabilities'], status('CapEff'), '0000000000000000\n'],
    [['--drop-capabilities'], status('CapPrm'), '0000000000000000\n'],
    [['--ignore', 'HUP', '--ignore', '10'], status('SigIgn'), new RegExp(`^0*${mask('SIGHUP', 'SIGUSR1')}\n$`)],
    [['--block', 'USR2', '--block', 'INT'], status('SigBlk'), new RegExp(`^0*${mask('SIGINT', 'SIGUSR2')}\n$`)],
    [['--argv0', 'another name'], ['sed', '-z', 'q', '/proc/self/cmdline'], 'another name\0'],
    [
      ['--groups', '5,7', '--gid', '65533', '--uid', '65534'],
      ['sh', '-c', 'id -u; id -g; id -G'],
      '65534\n65533\n65533 5 7\n',
    ],
    [['--groups', ''], status('Groups'), /^ *\n$/],
  ];
  for (const [options, command, printed] of made) {
    test.skipIf(options.some((each) => PRIVILEGED.includes(each)) && !canMake(...options))(options.join(' '), () => {
      expect(printedIn(options, command)).toMatch(typeof printed === 'string' ? new RegExp(`^${printed}$`) : printed);
    });
  }

  const NAMESPACES: Record<string, string> = { user: 'user', mount: 'mnt', net: 'net', ipc: 'ipc', uts: 'uts' };
  for (const [name, file] of Object.entries(NAMESPACES)) {
    test.skipIf(!canMake('--unshare', name))(`--unshare ${name}`, () => {
      const outside = readlinkSync(`/proc/self/ns/${file}`);
      const inside = printedIn(['--unshare', name], ['readlink', `/proc/self/ns/${file}`]).trim();
      expect(inside).toMatch(new RegExp(`^${file}:\\[\\d+\\]$`));
      expect(inside).not.toBe(outside);
      // Whoever one is, one stays.
      expect(printedIn(['--unshare', name], ['id', '-u'])).toBe(`${process.getuid?.()}\n`);
    });
  }

  const isolated = ['--unshare', 'user', '--unshare', 'mount', '--unshare', 'pid'];
  test.skipIf(!canMake(...isolated))(isolated.join(' '), () => {
    expect(printedIn(isolated, ['sh', '-c', 'echo $$; ls -d /proc/[0-9]*'])).toBe('1\n/proc/1\n');
    const [tool, ...rest] = inContext(isolated, ['sh', '-c', 'exit 9']);
    expect(spawnSync(tool, rest).status).toBe(9);
  });

  test('--seccomp-no-socket: no socket, but everything else', () => {
    const options = ['--no-new-privs', '--seccomp-no-socket'];
    const connect = `require('net').connect('/nowhere').on('error', (error) => console.log(error.code)); console.log('here')`;
    expect(printedIn(options, [process.execPath, '-e', connect])).toBe('here\nEPERM\n');
  });

  test('--closed', () => {
    const kinds = 'for fd in 0 1 2; do [ -e /proc/self/fd/$fd ] && echo $fd >&2; done';
    const [tool, ...rest] = inContext(['--closed', '0', '--closed', '1'], ['sh', '-c', kinds]);
    expect(spawnSync(tool, rest, { encoding: 'utf8' }).stderr).toBe('2\n');
  });

  test('descriptors above 2 are not passed on', () => {
    const [tool, ...rest] = inContext([], ['ls', '/proc/self/fd']);
    const outcome = spawnSync(tool, rest, { encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'] });
    // 3 is the directory that is listed.
    expect(outcome.stdout).toBe('0\n1\n2\n3\n');
  });

  test('--arguments-bytes and --environment-bytes, whatever the bytes', () => {
    const w = workspace();
    const bytes = Buffer.from('A=\xff\xfe\0\0no equals sign\0=\0A=again\0', 'latin1');
    const file = w.path('bytes');
    w.write('bytes', '');
    spawnSync('tee', [file], { input: bytes });
    const show = (options: string[], command: string[]) => {
      const [tool, ...rest] = inContext(options, command);
      return spawnSync(tool, rest).stdout;
    };
    expect(show(['--environment-bytes', file], ['cat', '/proc/self/environ'])).toEqual(bytes);
    const line = show(['--arguments-bytes', file], ['cat', '/proc/self/cmdline', '--']);
    expect(line).toEqual(Buffer.concat([Buffer.from('cat\0/proc/self/cmdline\0--\0'), bytes]));
  });
});

describe('what it cannot make ends it', () => {
  const wrong: [string[], string][] = [
    [['--nice', 'x'], 'no number: x'],
    [['--hard-limit', 'nofile'], 'no RESOURCE=N: nofile'],
    [['--hard-limit', 'nothing=1'], 'no such resource: nothing=1'],
    [['--soft-limit', 'nofile=1000000000000'], 'setrlimit nofile=1000000000000: '],
    [['--affinity', '3-1'], 'no processors: 3-1'],
    [['--affinity', '1000'], 'sched_setaffinity 1000: Invalid argument'],
    [['--closed', '77'], 'close 77: Bad file descriptor'],
    [['--ignore', 'KILL'], 'signal KILL: Invalid argument'],
    [['--unshare', 'time'], 'no such namespace: time'],
    [
      ['--drop-capabilities', '--seccomp-allow-all'],
      'PR_SET_SECCOMP (needs CAP_SYS_ADMIN, or --no-new-privs before it): ',
    ],
    [['--environment-bytes', '/nowhere'], '/nowhere: No such file or directory'],
    [['--frobnicate'], "unrecognized option '--frobnicate'"],
  ];
  test.each(wrong)('%j', (options, message) => {
    const [tool, ...rest] = inContext(options, ['true']);
    const outcome = spawnSync(tool, rest, { encoding: 'utf8' });
    expect(outcome.stderr).toContain(message);
    expect(outcome).toMatchObject({ status: 125, stdout: '' });
  });

  test('no command, and one that is not there', () => {
    expect(spawnSync(nativeTool('in-context'), ['--nice', '1'], { encoding: 'utf8' })).toMatchObject({
      status: 125,
      stderr: 'in-context: no command\n',
    });
    const [tool, ...rest] = inContext([], ['/nowhere/command']);
    expect(spawnSync(tool, rest, { encoding: 'utf8' })).toMatchObject({
      status: 125,
      stderr: expect.stringContaining('/nowhere/command: No such file'),
    });
  });
});
