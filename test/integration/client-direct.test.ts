/** Running directly: when, and that the script cannot tell it from being run without a client. */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FakeV2, refused } from '../support/fake-v2.js';
import { inContext } from '../support/in-context.js';
import { installNode } from '../support/interpreters.js';
import { CLIENT } from '../support/paths.js';
import { Terminal } from '../support/terminal.js';
import { expectFailure, V1Script } from '../support/v1-server.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** How a call comes to be run directly. Each makes it so, and says what `--strict` makes of it, or that it makes no difference. */
interface Occasion {
  readonly prepare: (w: Workspace) => unknown;
  readonly env?: NodeJS.ProcessEnv;
  readonly strict: RegExp | 'direct';
}

const notPrivate: Occasion = { prepare: (w) => chmodSync(w.runDirectory, 0o755), strict: /chmod 700/ };
const bypass: Occasion = { prepare: () => {}, env: { PREFORK_INTERP_BYPASS: '1' }, strict: 'direct' };
/** Found out only when the server is being started, and the client has set SIGCHLD to its default. */
const noSocket = (name: string): Occasion => ({
  prepare: (w) => mkdirSync(join(w.runDirectory, name)),
  strict: /cannot (connect to|remove the old socket) .*\/s/,
});

const OCCASIONS: [what: string, interpreter: 'node' | 'v1-server', Occasion][] = [
  ['the off switch', 'v1-server', bypass],
  ['the off switch', 'node', bypass],
  ['a run directory that is not private', 'v1-server', notPrivate],
  ['a run directory that is not private', 'node', notPrivate],
  ["a directory in the socket's place", 'v1-server', noSocket('sname')],
  ["a directory in the socket's place", 'node', noSocket('s2.name')],
  [
    'a server that refuses',
    'node',
    {
      prepare: (w) => FakeV2.start(w, (conversation) => conversation.say(refused('not today')), { ident: 'name' }),
      strict: /the server of script does not take the call: not today/,
    },
  ],
  [
    'a server that does not answer',
    'node',
    {
      prepare: (w) => FakeV2.start(w, () => {}, { ident: 'name' }),
      env: { PREFORK_INTERP_START_LIMIT_MS: '100' },
      strict: /the server of script did not take the call within 100 ms/,
    },
  ],
  [
    'a channel to a node',
    'node',
    { prepare: () => {}, env: { NODE_CHANNEL_FD: '0' }, strict: /NODE_CHANNEL_FD.*a server cannot be given/ },
  ],
  [
    'a debugger',
    'node',
    { prepare: () => {}, env: { NODE_OPTIONS: '--inspect=0' }, strict: /watch this run .NODE_OPTIONS has --inspect/ },
  ],
];

async function prepared(interpreter: string, occasion: Occasion): Promise<{ w: Workspace; s: V1Script }> {
  const w = workspace();
  const s = new V1Script(w);
  await occasion.prepare(w);
  // FakeV2 puts another one there.
  if (interpreter === 'node') installNode(w, 'v1-server.c');
  w.env['PATH'] = `${w.directory}:${w.env['PATH']}`;
  Object.assign(w.env, occasion.env);
  return { w, s };
}

/** What a caller may have done to what its children inherit; each is a shell's, that ends in running its arguments. */
const CALLERS: [what: string, line: string, context: string[]][] = [
  ['nothing', 'exec "$@" <in >>out 2>>err', []],
  ['standard input closed', 'exec "$@" <&- >>out 2>>err', []],
  ['standard output closed', 'exec "$@" <in >&- 2>>err', []],
  ['standard error closed', 'exec "$@" <in >>out 2>&-', []],
  ['all of them closed', 'exec "$@" <&- >&- 2>&-', []],
  ['more descriptors', 'exec "$@" <in >>out 2>>err 5<in 9>>out', []],
  [
    'signals, umask, limits',
    'umask 027; exec "$@" <in >>out 2>>err',
    ['--ignore', 'CHLD', '--ignore', 'PIPE', '--ignore', 'HUP', '--ignore', 'TSTP']
      .concat(['--block', 'TERM', '--block', 'USR1', '--block', 'CHLD', '--block', 'WINCH'])
      .concat(['--soft-limit', 'nofile=99', '--soft-limit', 'fsize=4096000']),
  ],
];

describe.each(OCCASIONS)('%s, with %s as interpreter', (_, interpreter, occasion) => {
  test('descriptors, signals, umask, limits and children are what the caller gave', async () => {
    const { w, s } = await prepared(interpreter, occasion);
    for (const name of ['in', 'out', 'err']) w.write(name, '');
    const stateAfter = async (line: string, command: string[]) => {
      rmSync(`${s.script}.state`, { force: true });
      const [program, ...args] = command;
      const outcome = await w.shell(line, [program as string, ...args]);
      expect(outcome, readFileSync(w.path('err'), 'utf8')).toMatchObject({ status: 0 });
      return readFileSync(`${s.script}.state`, 'utf8');
    };
    for (const [what, line, context] of CALLERS) {
      const plain = [interpreter, 'script', 'state'];
      const options = ['-U', '-g', 'name'];
      const expected = await stateAfter(line, inContext(context, plain));
      expect(await stateAfter(line, inContext(context, [CLIENT, ...options, ...plain])), what).toBe(expected);
    }
    expect(s.setups()).toBe(0);
    expect(s.directs()).toBe(2 * CALLERS.length);
    expect(readFileSync(w.path('err'), 'utf8')).toBe('');
  });

  test('arguments and environment are what the caller gave, byte for byte', async () => {
    const { w } = await prepared(interpreter, occasion);
    const names = ['PATH', 'HOME', 'PREFORK_INTERP_RUN_DIR', ...Object.keys(occasion.env ?? {})];
    const own = names.map((name) => `${name}=${w.env[name]}`);
    // What is ours is not there when the script is run without us, either.
    const entries = [...own, 'A=b', 'EMPTY=', '=odd', 'NOEQUALS', '', 'A=again', 'PREFORK_INTERPX=1'];
    const bytes = (strings: string[]) =>
      Buffer.concat(strings.map((text) => Buffer.from(`${text}\0`)).concat(Buffer.from('high=\xff\xfe\0', 'latin1')));
    writeFileSync(w.path('entries'), bytes(entries));
    writeFileSync(w.path('entries-of-setup'), bytes(['PREFORK_INTERP=v1,1.000000001 9,9,9,9', ...entries]));
    writeFileSync(w.path('arguments'), Buffer.from('\x01\xff \n\0\0-U\0--\0', 'latin1'));
    for (const call of ['args', 'env']) {
      const run = (file: string, command: string[]) => {
        const options = ['--environment-bytes', w.path(file), '--arguments-bytes', w.path('arguments')];
        const [program, ...args] = inContext(options, command);
        return w.run(program, args);
      };
      const plain = [interpreter, 'script', call];
      const expected = await run('entries', plain);
      expect(expected).toMatchObject({ status: 0, stderr: '' });
      expect(expected.bytes.length).toBeGreaterThan(20);
      for (const file of ['entries', 'entries-of-setup']) {
        const outcome = await run(file, [CLIENT, '-U', '-g', 'name', ...plain]);
        expect(outcome).toEqual(expected);
        expect(outcome.bytes.equals(expected.bytes), call).toBe(true);
      }
    }
  });

  test('with --strict, and with PREFORK_INTERP_DEBUG', async () => {
    const { w, s } = await prepared(interpreter, occasion);
    const words = ['-g', 'name', interpreter, 'script', 'exit', '7'];
    const strict = await w.run(CLIENT, ['-U', '--strict', ...words]);
    if (occasion.strict === 'direct') expect(strict).toMatchObject({ status: 7, stderr: '' });
    else expectFailure(strict, occasion.strict);
    const debugged = await w.run(CLIENT, ['-U', ...words], { env: { PREFORK_INTERP_DEBUG: '1' } });
    expect(debugged.status).toBe(7);
    expect(debugged.stderr).toMatch(/^(prefork-interp: [^\n]+\n)*prefork-interp: running script directly: [^\n]+\n$/);
    if (occasion.strict !== 'direct') expect(debugged.stderr).toMatch(occasion.strict);
    expect(await w.run(CLIENT, ['-U', ...words], { env: { PREFORK_INTERP_DEBUG: '0' } })).toMatchObject({ stderr: '' });
    expect(s.setups()).toBe(0);
  });
});

test('the off switch makes nothing, not even a run directory; empty or 0 it is off itself', async () => {
  const w = workspace();
  const s = new V1Script(w);
  rmSync(w.runDirectory, { recursive: true });
  expect(await s.run(['exit', '4'], { env: { PREFORK_INTERP_BYPASS: 'yes' } })).toMatchObject({
    status: 4,
    stderr: '',
  });
  expect(w.rendezvous()).toEqual([]);
  expect(s.directs()).toBe(1);
  for (const value of ['', '0']) {
    expect(await s.run(['exit', '4'], { env: { PREFORK_INTERP_BYPASS: value } })).toMatchObject({ status: 4 });
  }
  expect({ directs: s.directs(), setups: s.setups() }).toEqual({ directs: 1, setups: 1 });
});

test('an error of the command line is one in any case', async () => {
  const w = workspace();
  for (const env of [{}, { PREFORK_INTERP_BYPASS: '1' }]) {
    expectFailure(await w.run(CLIENT, ['-U', '-x', 'sh', 'script'], { env }), '-x');
    expectFailure(await w.run(CLIENT, ['-U', '-g', 'a/b', 'no-such-interpreter', 'script'], { env }), /a\/b|no-such/);
  }
});

test('an interpreter that cannot be run: one line, 127', async () => {
  const w = workspace();
  const env = { PREFORK_INTERP_BYPASS: '1' };
  w.write('script', '');
  chmodSync(w.write('broken', '#!/no/such/program\n'), 0o755);
  chmodSync(w.write('empty', ''), 0o755);
  const run = (interpreter: string) => w.run(CLIENT, ['-U', interpreter, 'script'], { env });
  expectFailure(await run('no-such-interpreter'), /cannot run the interpreter no-such-interpreter: No such file/);
  expectFailure(await run('./script'), /cannot run the interpreter \.\/script: Permission denied/);
  expectFailure(await run('./broken'), /cannot execute \.\/broken: No such file/);
  expectFailure(await run('./empty'), /cannot execute \.\/empty: Exec format error/);
});

test('few descriptors: wherever they run out, the outcome is that of the plain script', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const directs: number[] = [];
  for (let limit = 4; limit <= 16; limit++) {
    const before = s.calls();
    const options = ['--soft-limit', `nofile=${limit}`];
    const [program, ...args] = inContext(options, [CLIENT, ...s.arguments(['exit', '6'], ['-U', '-g', `n${limit}`])]);
    expect(await w.run(program, args), `${limit}`).toMatchObject({ status: 6, stderr: '' });
    expect(s.calls(), `${limit}`).toBe(before + 1);
    directs.push(s.directs());
  }
  expect(directs[0]).toBe(1);
  expect(directs.at(-1)).toBeLessThan(13);
});

test('no sockets at all, as in a sandbox', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const run = (...options: string[]) => {
    const [program, ...args] = inContext(['--seccomp-no-socket'], [CLIENT, ...s.arguments(['exit', '6'], options)]);
    return w.run(program, args);
  };
  expect(await run('-U')).toMatchObject({ status: 6, stderr: '' });
  expectFailure(await run('-U', '--strict'), /cannot make a socket: Operation not permitted/);
  expect(s.calls()).toBe(1);
});

test('-L with an interpreter that has no adapter: nothing of the caller’s may be in a server, so there is none', async () => {
  const w = workspace();
  const s = new V1Script(w);
  expect(await w.run(CLIENT, s.arguments(['exit', '5'], ['-L']))).toMatchObject({ status: 5, stderr: '' });
  expect({ directs: s.directs(), setups: s.setups() }).toEqual({ directs: 1, setups: 0 });
  expectFailure(await w.run(CLIENT, s.arguments(['exit', '5'], ['-L', '--strict'])), /-L needs .*v1-server/);
});

test('a node that has a channel to its child finds it with a script of ours', async () => {
  const w = workspace();
  const script = w.script('child.cjs', 'process.send({ direct: !process.preforkInterp }, () => process.disconnect());');
  const parent = w.write(
    'parent.cjs',
    `require('child_process').fork(process.argv[2], { execPath: process.argv[3], execArgv: ['-U', 'node'] })
       .on('message', (message) => console.log(JSON.stringify(message)));`,
  );
  expect(await w.run('node', [parent, script, CLIENT])).toMatchObject({
    status: 0,
    stdout: '{"direct":true}\n',
    stderr: '',
  });
});

describe('at a terminal', () => {
  async function atTerminal() {
    const w = workspace();
    const s = new V1Script(w);
    installNode(w, 'v1-server.c');
    const terminal = await Terminal.open(w, { env: { PREFORK_INTERP_DEBUG: '1' } });
    return { s, terminal, call: (options: string) => `${CLIENT} ${options} script exit 0` };
  }

  test('--direct-on-tty: directly where standard input is one, and only there', async () => {
    const { s, terminal, call } = await atTerminal();
    expect(await terminal.command(call('-U --direct-on-tty node'))).toMatch(/directly: .*--direct-on-tty/);
    expect(await terminal.command(call('-U --direct-on-tty --strict node'))).toMatch(/directly: .*--direct-on-tty/);
    expect(await terminal.command(call('-U --direct-on-tty v1-server').replace('v1-', './v1-'))).toMatch(/directly/);
    expect(s.directs()).toBe(3);
    const piped = call('-U --direct-on-tty ./v1-server');
    expect(await terminal.command(`true | ${piped}`)).toMatch(/starting a server/);
    expect(await terminal.command(call('-U ./v1-server'))).not.toMatch(/directly/);
    expect(s.directs()).toBe(3);
  });

  test('a call in the background whose input it is: directly', async () => {
    const { s, terminal, call } = await atTerminal();
    await terminal.command(`${call('-U node')} & wait`);
    expect(terminal.text).toMatch(/directly: .*background/);
    await terminal.command(`${call('-U --strict node')} & wait $!; echo "status $?"`);
    expect(terminal.text).toMatch(/status 127/);
    expect(s.directs()).toBe(1);
  });
});
