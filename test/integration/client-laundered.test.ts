/** Laundered mediation: what setup gets of the first caller, and what calls get. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { installNode } from '../support/interpreters.js';
import { CLIENT } from '../support/paths.js';
import { expectFailure } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** What setup says of itself: see the fixture. */
async function shown(w: Workspace, words: string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stderr } = await w.run(CLIENT, words, { env });
  expect(status).toBe(9);
  const lines = stderr.trimEnd().split('\n');
  const all = (kind: string) =>
    lines.flatMap((line) => (line.startsWith(`${kind} `) ? line.slice(kind.length + 1) : []));
  return { arguments: all('argument'), directory: all('directory')[0], variables: all('variable').sort() };
}

const HANDOVER = /^PREFORK_INTERP=v1,\d+\.\d{9},v2 \d+,\d+,\d+,\d+ \/.*$/;

test('setup gets interpreter, its arguments, adapter and the absolute script, in the root directory', async () => {
  const w = workspace();
  installNode(w, 'v2-setup.c');
  w.write('script', 'show');
  const laundered = await shown(w, ['-L,node,--flag', './script', 'secret']);
  expect(laundered.directory).toBe('/');
  expect(laundered.arguments).toEqual([
    'node',
    '--require',
    expect.stringMatching(/\/adapter\.cjs$/),
    '--flag',
    w.path('script'),
  ]);
  const unlaundered = await shown(w, ['-U,node,--flag', './script', 'open']);
  expect(unlaundered.directory).toBe(w.directory);
  expect(unlaundered.arguments).toEqual(['node', '--require', expect.anything(), '--flag', './script', 'open']);
});

test("setup's environment is a short one", async () => {
  const w = workspace();
  installNode(w, 'v2-setup.c');
  w.write('script', 'show');
  const { variables } = await shown(w, ['-L', '-E', 'KEPT', '-E', 'MISSING', 'node', 'script'], {
    SECRET: 'x',
    KEPT: 'kept',
    LANG: 'C',
    NODE_ENV: 'test',
    NODE_CHANNEL_SERIALIZATION_MODE: 'json',
    HOME: '/of/the/caller',
    PREFORK_INTERP_BYPASS: '0',
  });
  const { username, homedir, shell } = userInfo();
  const [handover, ...others] = variables.filter((entry) => entry.startsWith('PREFORK_INTERP='));
  expect(handover).toMatch(HANDOVER);
  expect(others).toEqual([]);
  expect(variables.filter((entry) => entry !== handover)).toEqual(
    [
      'KEPT=kept',
      'LANG=C',
      'LC_ALL=C.UTF-8',
      'NODE_ENV=test',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `PREFORK_INTERP_LOG_SOCKET=${w.env['PREFORK_INTERP_LOG_SOCKET']}`,
      `PREFORK_INTERP_RUN_DIR=${w.runDirectory}`,
      `HOME=${homedir}`,
      `USER=${username}`,
      `LOGNAME=${username}`,
      `SHELL=${shell}`,
    ].sort(),
  );
});

test('-E lets one through that would be made otherwise, and never PREFORK_INTERP', async () => {
  const w = workspace();
  installNode(w, 'v2-setup.c');
  w.write('script', 'show');
  const words = ['-L', '-E', 'HOME', '-E', 'PATH', '-E', 'PREFORK_INTERP', 'node', 'script'];
  const { variables } = await shown(w, words, { HOME: '/of/the/caller', PREFORK_INTERP: 'v1 0,0,0,0' });
  expect(variables.filter((entry) => /^(HOME|PATH)=/.test(entry))).toEqual([
    'HOME=/of/the/caller',
    `PATH=${w.env['PATH']}`,
  ]);
  expect(variables.filter((entry) => entry.startsWith('PREFORK_INTERP='))).toEqual([expect.stringMatching(HANDOVER)]);
});

test('variables with the names of secrets are not let through, unless asked for', async () => {
  const w = workspace();
  installNode(w, 'v2-setup.c');
  w.write('script', 'show');
  const secrets = ['NODE_AUTH_TOKEN', 'NODE_secret_of', 'NODE_DB_PASSWORD', 'LD_CREDENTIALS', 'UV_KEYS', 'NODE_TOKEN'];
  const env = Object.fromEntries(secrets.map((name) => [name, 'x']));
  const harmless = { NODE_PATH: '/auth/token', NODE_TLS_REJECT_UNAUTHORIZED: '1' };
  const { variables } = await shown(w, ['-L', '-E', 'NODE_TOKEN', 'node', 'script'], { ...env, ...harmless });
  expect(variables.filter((entry) => /^(NODE|UV|LD)_/.test(entry))).toEqual([
    'NODE_PATH=/auth/token',
    'NODE_TLS_REJECT_UNAUTHORIZED=1',
    'NODE_TOKEN=x',
  ]);
});

test('calls with different secrets of such names have different servers, and each has its own', async () => {
  const w = workspace();
  const script = w.script(
    'told.cjs',
    `const before = process.env.NODE_AUTH_TOKEN;
     process.preforkInterp?.initialisationComplete();
     console.log(before, process.env.NODE_AUTH_TOKEN);`,
    { options: '-L' },
  );
  for (const secret of ['one', 'two']) {
    expect((await w.run(script, [], { env: { NODE_AUTH_TOKEN: secret } })).stdout).toBe(`undefined ${secret}\n`);
  }
  expect(w.servers()).toHaveLength(2);
});

test('-U and -L together are an error', async () => {
  const w = workspace();
  expectFailure(await w.run(CLIENT, ['-U', '-L', 'node', 'script']), '-U', '-L');
});

/** Whether the memory of a process holds `text`: all of it that can be read (proc(5)). */
function remembers(pid: number, text: string): boolean {
  const memory = `/proc/${pid}/mem`;
  const fd = openSync(memory, 'r');
  try {
    return readFileSync(`/proc/${pid}/maps`, 'latin1')
      .split('\n')
      .some((line) => {
        const [, from, to, flags] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
        if (from === undefined || to === undefined || !flags?.startsWith('rw')) return false;
        const start = Number.parseInt(from, 16);
        const bytes = Buffer.alloc(Math.min(Number.parseInt(to, 16) - start, 2 ** 28));
        try {
          return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start)).includes(text);
        } catch {
          return false;
        }
      });
  } finally {
    closeSync(fd);
  }
}

test("a secret in the first caller's arguments or environment is nowhere in the server; calls have all of theirs", async () => {
  const w = workspace();
  const script = w.script(
    'tell.cjs',
    `const before = process.argv.length;
     process.preforkInterp?.initialisationComplete();
     console.log(before, process.argv.slice(2).join(), process.env.TOKEN, process.cwd(), process.ppid);`,
    { options: '-L' },
  );
  // Put together here, so that the test's own words are not what is found.
  const secret = ['hidden', 'from', 'others', process.pid].join('-');
  const first = await w.run(script, [`--password=${secret}`], { env: { TOKEN: secret } });
  const [, words, token, cwd, server] = first.stdout.trim().split(' ');
  expect({ words, token, cwd }).toEqual({ words: `--password=${secret}`, token: secret, cwd: w.directory });
  expect(first.stdout).toMatch(/^2 /);
  const pid = Number(server);
  expect(readdirSync('/proc')).toContain(`${pid}`);
  expect(remembers(pid, secret)).toBe(false);
  // It would be found: what the script is called is there.
  expect(remembers(pid, 'tell.cjs')).toBe(true);
  expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain(secret);
  expect((await w.run(script, ['second'], { env: { TOKEN: 'other' }, cwd: '/' })).stdout).toBe(
    `2 second other / ${pid}\n`,
  );
});
