/** Run directories that are not what they must be, and where the run directory is when nobody names one. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import { expectFailure, V1Script } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

const ROOT_USER = process.getuid?.() === 0;
const NOBODY = 65534;

/** What is an error if it is strict, and in any other call the reason why the script is run directly. */
async function expectRefused(
  w: Workspace,
  runDirectory: string | undefined,
  options: string[],
  ...says: (string | RegExp)[]
): Promise<void> {
  const env = runDirectory === undefined ? {} : { PREFORK_INTERP_RUN_DIR: runDirectory };
  const script = w.write('counts', 'echo "ran $*"; echo >>ran; exit 5\n');
  const words = [...options, 'sh', script, 'a', 'b c'];
  expectFailure(await w.run(CLIENT, ['--strict', ...words], { env }), ...says);
  expect(existsSync(w.path('ran'))).toBe(false);
  expect(await w.run(CLIENT, words, { env })).toMatchObject({ status: 5, stdout: 'ran a b c\n', stderr: '' });
  expect(readFileSync(w.path('ran'), 'utf8')).toBe('\n');
  rmSync(w.path('ran'));
}

test.each([0o755, 0o750, 0o770, 0o707, 0o701, 0o710, 0o1720, 0o702])(
  'mode %o: refused, with what to do about it',
  async (mode) => {
    const w = workspace();
    chmodSync(w.runDirectory, mode);
    const says = [w.runDirectory, `(mode 0${mode.toString(8)}): chmod 700 it`];
    for (const options of [['-U'], ['-U', '-f']]) await expectRefused(w, w.runDirectory, options, ...says);
    expectFailure(await w.run(CLIENT, ['-U', '--kill', 'sh', 'script']), ...says);
    expect(w.rendezvous()).toEqual([]);
  },
);

test.each([0o700, 0o1700, 0o2700])('mode %o is good', async (mode) => {
  const w = workspace();
  const s = new V1Script(w);
  chmodSync(w.runDirectory, mode);
  expect(await s.run(['exit', '3'])).toMatchObject({ status: 3, stderr: '' });
});

test('a file, a symbolic link to a good directory, and a link with a slash behind it are refused', async () => {
  const w = workspace();
  const file = w.write('file', '');
  const link = w.path('link');
  symlinkSync(w.runDirectory, link);
  for (const path of [file, link, `${link}/`, `${link}//`]) await expectRefused(w, path, ['-U'], /is not a directory/);
  expect(w.rendezvous()).toEqual([]);
});

test('a slash behind a good directory does not make it another', async () => {
  const w = workspace();
  const s = new V1Script(w);
  await s.run(['exit', '0']);
  for (const slashes of ['/', '//']) {
    expect(await s.run(['exit', '4'], { env: { PREFORK_INTERP_RUN_DIR: w.runDirectory + slashes } })).toMatchObject({
      status: 4,
    });
  }
  expect(s.setups()).toBe(1);
});

test('a relative path is refused', async () => {
  const w = workspace();
  await expectRefused(w, 'r', ['-U'], /PREFORK_INTERP_RUN_DIR is not an absolute path: r/);
});

test.each(['000', '077', '022', '777'])(
  'one that is missing is made, for its owner alone, under umask %s',
  async (umask) => {
    const w = workspace();
    const s = new V1Script(w);
    const missing = join(w.runDirectory, 'new');
    const line = `umask ${umask}; exec "$@"`;
    const outcome = await w.shell(line, [CLIENT, ...s.arguments(['exit', '5'])], {
      env: { PREFORK_INTERP_RUN_DIR: missing },
    });
    if (umask !== '777') {
      expect(outcome).toMatchObject({ status: 5, stderr: '' });
      expect(statSync(missing).mode & 0o7777).toBe(0o700);
    } else if (!ROOT_USER) expectFailure(outcome, missing);
  },
);

test('one whose parent is missing is an error', async () => {
  const w = workspace();
  const missing = w.path('no/such');
  await expectRefused(w, missing, ['-U'], `cannot make the run directory ${missing}: No such file`);
  expect(existsSync(w.path('no'))).toBe(false);
});

test('one below a file is an error', async () => {
  const w = workspace();
  await expectRefused(w, `${w.write('file', '')}/r`, ['-U'], /cannot look at the run directory .*: Not a directory/);
});

test('a path that leaves too few digits of the identity is an error; one that leaves 33 is none', async () => {
  const w = workspace();
  const s = new V1Script(w);
  // sizeof(sun_path) is 108; 12 bytes go to the slash, the letter, the NUL and spare, as released.
  const longest = 108 - 12 - 33;
  const make = (length: number) => {
    const path = `${w.runDirectory}/`.padEnd(length, 'x');
    mkdirSync(path, { mode: 0o700 });
    return path;
  };
  await expectRefused(w, make(longest + 1), ['-U'], /too long/, 'xxx');
  const env = { PREFORK_INTERP_RUN_DIR: make(longest) };
  expect(await s.run(['exit', '6'], { env })).toMatchObject({ status: 6, stderr: '' });
  await expectRefused(w, `/${'x'.repeat(5000)}`, ['-U'], /too long/);
});

test.runIf(ROOT_USER)('one that belongs to another user is refused', async () => {
  const w = workspace();
  chownSync(w.runDirectory, NOBODY, NOBODY);
  await expectRefused(w, w.runDirectory, ['-U'], `${w.runDirectory} belongs to user ${NOBODY}, not to this one`);
});

test.runIf(!ROOT_USER)('one that belongs to another user is refused', async () => {
  await expectRefused(workspace(), '/', ['-U'], /the run directory \/ belongs to user 0, not to this one/);
});

test.runIf(ROOT_USER)('a server of another user is refused', async () => {
  const w = workspace();
  // Whoever calls listen(2) is whom the other side sees (unix(7)).
  const source = `use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($ARGV[0])) or die;
    $> = ${NOBODY}; listen(S, 5) or die; $| = 1; print "listening\n"; <STDIN>;`;
  const server = w.start('perl', ['-e', source, join(w.runDirectory, 'sforeign')], { stdio: 'pipe' });
  await server.says(/listening/);
  await expectRefused(w, w.runDirectory, ['-U', '-g', 'foreign'], `belongs to user ${NOBODY}, not to this one`);
  server.endInput();
  await server.outcome;
});

test.runIf(!ROOT_USER)('one that may not be written: an error', async () => {
  const w = workspace();
  chmodSync(w.runDirectory, 0o500);
  await expectRefused(w, w.runDirectory, ['-U'], /cannot lock .*: Permission denied/);
  chmodSync(w.runDirectory, 0o300);
  await expectRefused(w, w.runDirectory, ['-U'], /cannot read the run directory .*: Permission denied/);
  chmodSync(w.runDirectory, 0o700);
});

test.each([
  ['a directory', (path: string) => mkdirSync(path), /cannot connect|cannot remove the old socket/],
  ['a symbolic link into nowhere', (path: string) => symlinkSync('/no/such', path), undefined],
  ['a plain file', (path: string) => writeFileSync(path, ''), undefined],
])("%s in the socket's place", async (_, make, says) => {
  const w = workspace();
  const s = new V1Script(w);
  make(join(w.runDirectory, 'sodd'));
  if (says) await expectRefused(w, w.runDirectory, ['-U', '-g', 'odd'], says);
  const outcome = await w.run(CLIENT, s.arguments(['exit', '8'], ['-U', '-g', 'odd']));
  expect(outcome).toMatchObject({ status: 8, stderr: '' });
  expect(s.directs()).toBe(says ? 1 : 0);
});

test.each([
  ['a directory', (path: string) => mkdirSync(path), /cannot lock .*\/lodd: Is a directory/],
  ['a symbolic link', (path: string) => symlinkSync('/etc/passwd', path), /cannot lock .*\/lodd: (Too many|Symbolic)/],
])("%s in the lock's place: an error", async (_, make, says) => {
  const w = workspace();
  make(join(w.runDirectory, 'lodd'));
  await expectRefused(w, w.runDirectory, ['-U', '-g', 'odd'], says);
});

/** A mount and host name namespace of its own, in which the password file and /var/run/user can be what a test wants. */
const NAMESPACE = ['unshare', ...(ROOT_USER ? ['-m', '-u'] : ['-r', '-m', '-u'])];

function namespaces(): boolean {
  try {
    execFileSync(NAMESPACE[0] as string, [...NAMESPACE.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}
const HAS_NAMESPACES = namespaces();

/** Runs a call there; `prepare` is shell. Its run directory is wherever the client finds one. */
function inNamespace(w: Workspace, prepare: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const line = `set -e; ${prepare}\nexec "$@"`;
  return w.run(NAMESPACE[0] as string, [...NAMESPACE.slice(1), 'sh', '-c', line, 'sh', ...args], {
    env: { PREFORK_INTERP_RUN_DIR: '', ...env },
  });
}

const passwd = (w: Workspace, text: string) => `mount --bind ${w.write('passwd', text)} /etc/passwd`;
const NO_LOGIN = 'mount -t tmpfs none /var/run/user';

/** The interpreter lists the sockets that there are while setup runs, and fails. */
function lister(w: Workspace): string[] {
  const path = w.write(
    'lister',
    '#!/bin/sh\nfind "$1" -type s >&2\nstat -c "%a %n" $(find "$1" -type d) >&2\nexit 9\n',
  );
  chmodSync(path, 0o755);
  return [path];
}

test.runIf(HAS_NAMESPACES)(
  "below the home directory of the password file, whatever $HOME says, by the machine's name",
  async () => {
    const w = workspace();
    const home = w.path('home');
    mkdirSync(home);
    const file = `other:x:12345:0::/nowhere:/bin/sh\nshort:x:0\nroot:x:0:0:Name:${home}:/bin/sh\nroot2:x:0:0::/wrong:/bin/sh\n`;
    const prepare = `${passwd(w, file)}; ${NO_LOGIN}; hostname node.example.org`;
    const { status, stderr } = await inNamespace(w, prepare, [CLIENT, '-U', '-g', 'here', ...lister(w), home], {
      HOME: '/tmp',
    });
    expect(stderr).toContain(`${home}/.prefork-interp/node/shere\n`);
    expect(stderr).toContain(`700 ${home}/.prefork-interp\n700 ${home}/.prefork-interp/node\n`);
    expect(status).toBe(9);
  },
);

test.runIf(HAS_NAMESPACES)("a machine's name is cut at 32, and may be all there is before a dot", async () => {
  const w = workspace();
  const home = w.path('home');
  mkdirSync(home);
  const prepare = `${passwd(w, `root:x:0:0::${home}:`)}; ${NO_LOGIN}; hostname ${'n'.repeat(40)}`;
  const { stderr } = await inNamespace(w, prepare, [CLIENT, '-U', '-g', 'here', ...lister(w), home]);
  expect(stderr).toContain(`${home}/.prefork-interp/${'n'.repeat(32)}/shere\n`);
});

test.runIf(HAS_NAMESPACES)(
  'a user who is not in the password file: $HOME, if it is a directory of theirs',
  async () => {
    const w = workspace();
    const home = w.path('home');
    mkdirSync(home);
    const prepare = `${passwd(w, 'other:x:12345:0::/nowhere:/bin/sh\nbad:x:zero:0::/bad:\nover:x:99999999999999999999:0::/over:\n')}; ${NO_LOGIN}; hostname node`;
    const args = [CLIENT, '--strict', '-U', '-g', 'here', ...lister(w), home];
    expect((await inNamespace(w, prepare, args, { HOME: home })).stderr).toContain(
      `${home}/.prefork-interp/node/shere\n`,
    );
    const notTheirs = ROOT_USER ? `${prepare}; chown 12345 ${home}` : prepare;
    for (const bad of ['', 'relative', w.path('missing'), w.path('passwd'), ...(ROOT_USER ? [home] : [])]) {
      expectFailure(
        await inNamespace(w, bad === home ? notTheirs : prepare, args, { HOME: bad }),
        /no run directory: user 0 is not in/,
      );
    }
  },
);

test.runIf(HAS_NAMESPACES)('the directory of the login comes first, if it is private', async () => {
  const w = workspace();
  const home = w.path('home');
  mkdirSync(home);
  const prepare = (mode: string) =>
    `${passwd(w, `root:x:0:0::${home}:\n`)}; ${NO_LOGIN}; hostname node; mkdir -m ${mode} /var/run/user/0`;
  const args = [CLIENT, '-U', '-g', 'here', ...lister(w)];
  const byLogin = await inNamespace(w, prepare('700'), [...args, '/var/run/user/0']);
  expect(byLogin.stderr).toContain('/var/run/user/0/prefork-interp/shere\n');
  expect(byLogin.stderr).toContain('700 /var/run/user/0/prefork-interp\n');
  for (const mode of ['755', '750', '701']) {
    expect((await inNamespace(w, prepare(mode), [...args, home])).stderr).toContain(
      `${home}/.prefork-interp/node/shere\n`,
    );
  }
});

test.runIf(HAS_NAMESPACES)('a read-only file system: an error, and nothing else', async () => {
  const w = workspace();
  const prepare = `mount --bind ${w.runDirectory} ${w.runDirectory}; mount -o remount,bind,ro ${w.runDirectory}`;
  const env = { PREFORK_INTERP_RUN_DIR: w.runDirectory };
  const call = (...options: string[]) =>
    inNamespace(w, prepare, [CLIENT, ...options, ...lister(w), w.runDirectory], env);
  expectFailure(await call('-U', '--strict'), /cannot lock .*: Read-only file system/);
  expect(await call('-U')).toMatchObject({ status: 9, stderr: `700 ${w.runDirectory}\n` });
});
