/** -L: what is the first caller's own never gets into a server, and calls get all of theirs. */

import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { Compared } from '../support/compared.js';
import { canReadMemory, foundInMemory } from '../support/memory.js';
import { NODE } from '../support/paths.js';
import type { Running } from '../support/running.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** Takes in all that its caller has given it, keeps it, and says so; then waits for the end of its input. */
const KEEPS = `
  process.preforkInterp?.initialisationComplete();
  const kept = [process.argv.slice(2), { ...process.env }];
  process.stdin.once('data', (data) => { kept.push(String(data)); console.log(process.pid, process.ppid); });
  process.stdin.on('end', () => process.exit(kept.length));`;

/** A call that has taken in `secrets`: by its arguments, its environment and its input. */
async function call(
  w: Workspace,
  script: string,
  secrets: readonly string[],
): Promise<{ call: Running; pids: number[] }> {
  const [argument = '', variable = '', input = ''] = secrets;
  const running = w.start(script, [argument], {
    env: { CREDENTIAL: variable, [variable]: 'x' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.write(`${input}\n`);
  return { call: running, pids: (await running.line()).split(' ').map(Number) };
}

async function end(running: Running): Promise<void> {
  running.endInput();
  expect((await running.outcome).status).toBe(3);
}

/** No text that is anywhere else, nor in the memory of whoever looks for it there: each is made when it is needed. */
const makeSecrets = () => ['a', 'v', 'i'].map((letter) => letter + randomBytes(16).toString('hex'));
const NONE = ['other', 'OTHER', 'other'];

describe.skipIf(!canReadMemory())('memory', () => {
  test('nothing of the first caller is in the memory of a server, its watcher or a later call', async () => {
    const w = workspace();
    const script = w.script('keeps.cjs', KEEPS, { options: '-L,--strict' });
    const secrets = makeSecrets();
    const first = await call(w, script, secrets);
    const [executor = 0, server = 0] = first.pids;
    expect(foundInMemory(executor, secrets), 'the call has them, and they are found').toEqual(secrets);
    const second = await call(w, script, NONE);
    expect(second.pids[1]).toBe(server);
    const others = { server, later: second.pids[0] as number, watcher: w.watchers()[0]?.pid as number };
    for (const [who, pid] of Object.entries(others)) expect.soft(foundInMemory(pid, secrets), who).toEqual([]);
    await end(first.call);
    const third = await call(w, script, NONE);
    for (const pid of [server, third.pids[0] as number]) expect(foundInMemory(pid, secrets)).toEqual([]);
    for (const each of [second, third]) await end(each.call);
  });

  test('nor anything of any caller but the first, with -U too, where that one is found', async () => {
    const w = workspace();
    const script = w.script('keeps.cjs', KEEPS, { options: '-U,--strict' });
    const [secrets, later] = [makeSecrets(), makeSecrets()];
    const first = await call(w, script, secrets);
    const [, server = 0] = first.pids;
    const second = await call(w, script, later);
    const third = await call(w, script, NONE);
    const [argument, variable] = secrets;
    for (const pid of [server, third.pids[0] as number]) {
      expect.soft(foundInMemory(pid, secrets), 'what setup was given').toEqual([argument, variable]);
      expect.soft(foundInMemory(pid, later), 'what a later call was given').toEqual([]);
    }
    for (const each of [first, second, third]) await end(each.call);
  });
});

/** Says what setup has found, and what the call has. */
const TWICE = `
  const look = () => ({ cwd: process.cwd(), argv: [...process.argv], execArgv: process.execArgv, env: { ...process.env } });
  const setup = look();
  process.preforkInterp?.initialisationComplete();
  console.log(JSON.stringify({ setup, call: look(), input: require('node:fs').readFileSync(0, 'utf8') }));`;

/** From the password file; nothing where this user is not in it. */
function account(): NodeJS.ProcessEnv {
  try {
    const { username, homedir, shell } = userInfo();
    return { HOME: homedir, USER: username, LOGNAME: username, ...(shell === null ? {} : { SHELL: shell }) };
  } catch {
    return {};
  }
}

test('setup has a short environment, the root directory and no arguments; each call has all of its own', async () => {
  const w = workspace();
  const script = w.script('twice.cjs', TWICE, { options: '-L,--strict,-E,KEPT,-E,MISSING' });
  const caller = (name: string) => ({
    cwd: name === 'first' ? w.directory : '/',
    env: { CALLER: name, KEPT: 'kept', USER: name, TZ: 'Asia/Tokyo', NODE_PATH: '/nowhere', EMPTY: '' },
    input: `input of ${name}`,
  });
  const expected = {
    ...{ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...account() },
    ...{ KEPT: 'kept', LC_ALL: w.env['LC_ALL'], NODE_PATH: '/nowhere' },
    PREFORK_INTERP_RUN_DIR: w.env['PREFORK_INTERP_RUN_DIR'],
    PREFORK_INTERP_LOG_SOCKET: w.env['PREFORK_INTERP_LOG_SOCKET'],
  };
  for (const name of ['first', 'second']) {
    for (const word of name === 'first' ? ['./twice.cjs', script] : [script]) {
      const plain = JSON.parse((await w.plain(word, [name, ''], caller(name))).stdout);
      const outcome = await w.run(word, [name, ''], caller(name));
      expect(outcome).toMatchObject({ status: 0, stderr: '' });
      const warm = JSON.parse(outcome.stdout);
      expect(warm).toMatchObject({ call: plain.call, input: plain.input });
      expect(warm.setup).toEqual({ cwd: '/', argv: [realpathSync(NODE), script], execArgv: [], env: expected });
    }
  }
  expect(w.servers().length).toBe(1);
});

test('all of a call’s context is as under plain node', async () => {
  const w = workspace();
  const compared = new Compared(w, w.fixture('context-report.mjs', { options: '-L,--strict' }));
  for (const caller of [
    { cwd: '/', env: { ONE: '1', HOME: '/' }, args: ['one'] },
    { shell: 'umask 077; exec "$@"', env: { TWO: '\u00e4', USER: 'nobody', PATH: `/nowhere:${w.env['PATH']}` } },
    { context: ['--soft-limit', 'fsize=1000000', '--closed', '0'], args: ['', 'x'] },
  ]) {
    expect.soft((await compared.compare(caller)).differences, JSON.stringify(caller)).toEqual([]);
  }
});
