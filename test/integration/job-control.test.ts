/** A call at a terminal, under a shell with job control: what is shown, typed and told is what plain node would have. */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLIENT, FIXTURES } from '../support/paths.js';
import { processes } from '../support/processes.js';
import { KEYS, Terminal, type TerminalOptions } from '../support/terminal.js';
import { type Workspace, workspace } from '../support/workspace.js';

type Kind = 'plain' | 'call';
type Scene = (terminal: Terminal, kind: Kind, directory: string) => Promise<unknown>;

/** So that a call that was run directly is not taken for one that was served. */
const STRICT = '-U,--strict';

/** Two directories with a script of the same name: one is plain node's, the other is a call. So the shell says the same of both. */
function install(w: Workspace, options: string): void {
  const source = readFileSync(join(FIXTURES, 'sits.cjs'), 'utf8');
  for (const kind of ['plain', 'call'] as const) {
    mkdirSync(w.path(kind));
    const start = kind === 'plain' ? '/usr/bin/env node' : `${CLIENT} ${options},node`;
    chmodSync(w.write(`${kind}/sits.cjs`, `#!${start}\n${source}`), 0o755);
  }
}

/** What is shown at a terminal while `scene` is played, by plain node and by a call that finds its server. */
async function played(scene: Scene, options: TerminalOptions = {}, clientOptions = STRICT) {
  const w = workspace();
  install(w, clientOptions);
  // A server, from elsewhere: what it finds at its own start is not what a call has.
  await w.run(w.path('call/sits.cjs'), ['tells'], { cwd: w.path('call') });
  const play = async (kind: Kind) => {
    const terminal = await Terminal.open(w, { ...options, cwd: w.path(kind) });
    await scene(terminal, kind, w.path(kind));
    const { text } = terminal;
    await terminal.hangUp();
    return text;
  };
  return { plain: await play('plain'), call: await play('call') };
}

const SCENES: [string, Scene][] = [
  [
    'Ctrl-C',
    async (t) => {
      await t.start('./sits.cjs repeats');
      await t.shows('ready\n');
      t.type(KEYS.interrupt);
      await t.prompt();
      expect(await t.command('echo $?')).toBe('130\n');
    },
  ],
  [
    'Ctrl-\\',
    async (t) => {
      await t.command('ulimit -S -c 0');
      await t.start('./sits.cjs repeats');
      await t.shows('ready\n');
      t.type(KEYS.quit);
      await t.prompt();
      expect(await t.command('echo $?')).toBe('131\n');
    },
  ],
  [
    'Ctrl-Z, jobs, fg, and the end of its input',
    async (t) => {
      await t.start('./sits.cjs repeats');
      await t.shows('ready\n');
      t.type(KEYS.suspend);
      await t.prompt();
      expect(await t.command('echo $?')).toBe('148\n');
      expect(await t.command('jobs')).toMatch(/^\[1\]\+\s+Stopped\s+\.\/sits\.cjs repeats\n$/);
      await t.start('fg');
      await t.shows('./sits.cjs repeats\n');
      t.type('hello\r');
      await t.shows('hello\n<hello>\n');
      t.type(KEYS.end);
      await t.prompt();
      expect(await t.command('echo $?')).toBe('4\n');
    },
  ],
  [
    'Ctrl-Z and kill %1',
    async (t) => {
      await t.start('./sits.cjs repeats');
      await t.shows('ready\n');
      t.type(KEYS.suspend);
      await t.prompt();
      await t.command('pid=$(jobs -p)');
      const line = 'kill %1; while kill -0 $pid 2> /dev/null; do :; done; wait $pid; echo $?';
      expect(await t.command(line)).toMatch(/143\n$/);
      expect(await t.command('jobs')).toBe('');
    },
  ],
  [
    'stopped and continued ten times: what is typed goes to the shell while it is stopped, to the script when it is not',
    async (t) => {
      await t.start('./sits.cjs repeats');
      await t.shows('ready\n');
      for (let time = 0; time < 10; time++) {
        t.type(KEYS.suspend);
        await t.prompt();
        expect(await t.command(`echo shell $((${time} + 100))`)).toBe(`shell ${time + 100}\n`);
        await t.start('fg');
        await t.shows('./sits.cjs repeats\n');
        t.type(`script ${time}\r`);
        await t.shows(`script ${time}\n<script ${time}>\n`);
      }
      t.type(KEYS.end);
      await t.prompt();
      expect(await t.command('echo $?')).toBe('4\n');
    },
  ],
  [
    'Ctrl-Z and bg, reading another input than the terminal',
    async (t) => {
      await t.command('mkfifo input; exec 8<>input');
      await t.start('./sits.cjs repeats < input');
      await t.shows('ready\n');
      t.type(KEYS.suspend);
      await t.prompt();
      expect(await t.command('bg')).toMatch(/^\[1\]\+ \.\/sits\.cjs repeats < input &\n$/);
      // The shell waits for a line of its own meanwhile, so that its prompt comes behind what the script says.
      await t.start('echo hello > input; read -r line');
      await t.shows('<hello>\n');
      t.type('\n');
      await t.prompt();
      await t.command('kill %1; wait %1; echo $?');
    },
  ],
  [
    'the size of the terminal, and when it changes',
    async (t) => {
      await t.start('./sits.cjs resizes');
      await t.shows('ready 80x24\n');
      t.resize(100, 30);
      await t.shows('100x30\n');
      t.resize(90, 20);
      await t.shows('90x20\n');
      await t.prompt();
    },
  ],
  [
    'single keys, Ctrl-C among them; afterwards the terminal is as before',
    async (t) => {
      await t.command('stty -a > before');
      await t.start('./sits.cjs keys');
      await t.shows('ready\n');
      for (const [key, code] of [
        ['a', 97],
        [KEYS.interrupt, 3],
        [KEYS.suspend, 26],
        ['\r', 13],
      ] as const) {
        t.type(key);
        await t.shows(`${code};\n`);
      }
      t.type('q');
      await t.shows('113;\n');
      await t.prompt();
      expect(await t.command('echo $?; stty -a | diff before - && echo same')).toBe('6\nsame\n');
    },
  ],
  [
    'single keys, and a SIGTERM from elsewhere: the terminal is as before, too',
    async (t, _, directory) => {
      await t.command('stty -a > before; echo $$ > shell');
      const shell = Number(readFileSync(join(directory, 'shell'), 'utf8'));
      await t.start('./sits.cjs keys');
      await t.shows('ready\n');
      const [job] = processes().filter(({ parent }) => parent === shell);
      process.kill(job?.pid ?? 0, 'SIGTERM');
      await t.prompt();
      expect(await t.command('echo $?; stty -a | diff before - && echo same')).toBe('143\nsame\n');
    },
  ],
  [
    'a pipeline, Ctrl-Z, fg and Ctrl-C',
    async (t) => {
      await t.start('cat | ./sits.cjs filters | ./sits.cjs filters | cat');
      await t.shows('ready\n');
      await t.shows('ready\n');
      t.type('one\r');
      await t.shows('one\nONE\n');
      t.type(KEYS.suspend);
      await t.prompt();
      await t.start('fg');
      t.type('two\r');
      await t.shows('TWO\n');
      t.type(KEYS.interrupt);
      await t.prompt();
      expect(await t.command('echo $?')).toBe('130\n');
    },
  ],
];

test.each(SCENES)('%s', async (_, scene) => {
  const { plain, call } = await played(scene);
  expect(call).toBe(plain);
});

test.each([
  {},
  { TERM: 'dumb' },
  { TERM: 'xterm-256color' },
  { COLORTERM: 'truecolor' },
  { NO_COLOR: '1' },
  { FORCE_COLOR: '1' },
])('isTTY, size and colours are those of this call: %o', async (env) => {
  const scene: Scene = async (t) => {
    await t.command('./sits.cjs tells');
    await t.command('./sits.cjs tells < /dev/null | cat');
  };
  const { plain, call } = await played(scene, { env, columns: 111, rows: 33 });
  expect(call).toBe(plain);
});

test('Ctrl-Z and bg, reading the terminal: it stays stopped, by SIGTTIN, and takes nothing from the shell; fg lets it go on', async () => {
  // Plain node runs on until something is typed. Then it reads, and is stopped in the same way.
  const scene: Scene = async (t, kind) => {
    await t.start('./sits.cjs repeats');
    await t.shows('ready\n');
    t.type(KEYS.suspend);
    await t.prompt();
    if (kind === 'plain') return;
    // The shell may tell at once that it has stopped again, or later.
    expect(await t.command('bg')).toMatch(/^\[1\]\+ \.\/sits\.cjs repeats &\n/);
    await t.command('until jobs -s | grep -q .; do :; done');
    expect(await t.command('jobs -l')).toMatch(/Stopped \(tty input\)/);
    expect(await t.command('echo mine')).toBe('mine\n');
    await t.start('fg');
    await t.shows('./sits.cjs repeats\n');
    t.type('hello\r');
    await t.shows('hello\n<hello>\n');
    t.type(KEYS.end);
    await t.prompt();
    expect(await t.command('echo $?')).toBe('4\n');
  };
  await played(scene);
});

/** Says why a call was run directly, and that one was served. */
const TELLING = { PREFORK_INTERP_DEBUG: '1' };

test('a call in the background whose input is the terminal is run directly; with another input it is served', async () => {
  const scene: Scene = async (t, kind) => {
    await t.start('./sits.cjs tells &');
    await t.shows('true,true,true 80x24');
    if (kind === 'plain') return;
    expect(t.text).toMatch(/running \.\/sits\.cjs directly: .*in the background/);
    await t.command('wait');
    await t.start('./sits.cjs tells < /dev/null &');
    // Script and client speak at the same time.
    await t.shows(/taken by the server[\s\S]*false,true,true 80x24|false,true,true 80x24[\s\S]*taken by the server/);
    await t.command('wait');
  };
  await played(scene, { env: TELLING }, '-U');
});

test('with --direct-on-tty a call whose input is a terminal is run directly, another one is served', async () => {
  const scene: Scene = async (t, kind) => {
    const direct = await t.command('./sits.cjs tells');
    const served = await t.command('./sits.cjs tells < /dev/null');
    if (kind === 'plain') return;
    expect(direct).toMatch(
      /directly: standard input is a terminal, and --direct-on-tty was given\n[\s\S]*true,true,true/,
    );
    expect(served).toMatch(/taken by the server[\s\S]*false,true,true/);
  };
  await played(scene, { env: TELLING }, '-U,--direct-on-tty');
});

const LINES: Record<string, string> = {
  'a shell script': `printf 'one\\n' | ./sits.cjs repeats; echo $?`,
  make: `printf 'all:\\n\\tprintf one | ./sits.cjs repeats\\n' > Makefile; make 2>&1; echo $?`,
  setsid: `setsid -w ./sits.cjs repeats < /dev/null; echo $?`,
  nohup: `nohup ./sits.cjs tells < /dev/null 2> /dev/null; echo $?`,
  timeout: `timeout 0.5 ./sits.cjs waits; echo $?; timeout -s KILL 0.5 ./sits.cjs waits 2> /dev/null; echo $?`,
  env: `env A=1 ./sits.cjs tells; echo $?`,
  'xargs -P4': `seq 8 | xargs -P4 -n1 ./sits.cjs words | sort`,
  'something like cron':
    'cd /; setsid -w env -i PATH="$PATH" HOME="$HOME" PREFORK_INTERP_RUN_DIR="$PREFORK_INTERP_RUN_DIR" sh -c ""$OLDPWD/sits.cjs" tells; echo $?" < /dev/null 2>&1',
};

test.each(Object.entries(LINES))('started by %s', async (_, line) => {
  const w = workspace();
  install(w, STRICT);
  const run = (kind: Kind) => w.shell(line, [], { cwd: w.path(kind) });
  const plain = await run('plain');
  expect(plain).toMatchObject({ status: 0, stderr: '' });
  expect(plain.stdout).not.toMatch(/not found|denied/);
  for (const _time of ['first', 'warm']) expect(await run('call')).toEqual(plain);
});

test('started by them at a terminal', async () => {
  const scene: Scene = async (t) => {
    for (const [name, line] of Object.entries(LINES)) await t.command(`: ${name}; (${line})`);
  };
  const { plain, call } = await played(scene, {}, '-U');
  expect(call).toBe(plain);
});
