/** `preforkctl completion`, in the shells that it is for; and `--help` and `--version`. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NODE, ROOT } from '../support/paths.js';
import { control, PREFORKCTL } from '../support/preforkctl.js';
import { KEYS, Terminal, type TerminalOptions } from '../support/terminal.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

const READY = 'process.preforkInterp?.initialisationComplete();';

const ask = async (w: Workspace, ...words: string[]) =>
  (await control(w, ['completion', '--words', ...words])).stdout.split('\n').slice(0, -1);

test('every command is there, with the options that its --help has', async () => {
  const w = workspace();
  const help = (await control(w, ['--help'])).stdout;
  const commands = [...help.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1] as string);
  expect(commands.length).toBeGreaterThan(6);
  expect((await ask(w, '')).sort()).toEqual(['--help', '--version', ...commands].sort());
  for (const command of commands) {
    const usage = (await control(w, [command, '--help'])).stdout;
    const options = [...usage.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1] as string);
    expect((await ask(w, command, '--')).sort(), command).toEqual(options.length > 0 ? options.sort() : ['--help']);
  }
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await control(workspace(), ['--version'])).toMatchObject({
    status: 0,
    stdout: `preforkctl ${version}\n`,
    stderr: '',
  });
});

test('a shell that is not known', async () => {
  const outcome = await control(workspace(), ['completion', 'toString']);
  expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('there are bash, zsh, fish') });
});

/** Two idents, `2.mine` and `2.other`; and a `preforkctl` on PATH that completes, and otherwise only notes what it was called with. */
async function place(): Promise<{ w: Workspace; env: NodeJS.ProcessEnv; called: string }> {
  const w = workspace();
  for (const ident of ['mine', 'other']) {
    const script = w.script(`${ident}.cjs`, READY, { options: `-U,-g,${ident}` });
    expect((await w.run(script)).status).toBe(0);
  }
  const called = w.path('called');
  const real = `exec '${NODE}' '${PREFORKCTL}' "$@"`;
  w.write(
    'preforkctl',
    `#!/bin/sh\n[ "$1" = completion ] && ${real}\necho "$*" >'${called}.new'; mv '${called}.new' '${called}'\n`,
  );
  chmodSync(w.path('preforkctl'), 0o755);
  return { w, env: { PATH: `${w.directory}:${w.env['PATH']}` }, called };
}

const isThere = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

const TYPED: { shell: NonNullable<TerminalOptions['shell']>; program: string; setup: string }[] = [
  { shell: 'bash that edits', program: 'bash', setup: 'eval "$(preforkctl completion bash)"' },
  {
    shell: 'zsh',
    program: 'zsh',
    setup: 'autoload -U compinit; compinit -u -D; eval "$(preforkctl completion zsh)"',
  },
];

for (const { shell, program, setup } of TYPED) {
  test.skipIf(!isThere(program))(
    `typed into ${program}: a tabulator completes commands, options, idents and files`,
    async () => {
      const { w, env, called } = await place();
      const terminal = await Terminal.open(w, { shell, env, columns: 200 });
      terminal.type(`${setup}; echo set up${KEYS.enter}`);
      await terminal.shows(/^set up$/m);
      await terminal.prompt();
      const { tab, enter } = KEYS;
      for (const [keys, words] of [
        [`preforkctl stat${tab}2.m${tab}--j${tab}${enter}`, 'status 2.mine --json'],
        [`preforkctl comp${tab}zs${tab}${enter}`, 'completion zsh'],
        [`preforkctl stop --a${tab}${enter}`, 'stop --all'],
        [`preforkctl why oth${tab}${enter}`, 'why other.cjs'],
      ] as const) {
        terminal.type(keys);
        if (words.startsWith('completion')) await terminal.shows(/^compdef _preforkctl preforkctl$/m);
        else
          await until(
            `it is called with ${words}`,
            () => existsSync(called) && readFileSync(called, 'utf8') === `${words}\n`,
          );
        await terminal.prompt();
      }
      // More than one could be meant.
      terminal.type(`preforkctl st${tab}${tab}`);
      await terminal.shows(/status\s+stop/);
      expect(await terminal.exit()).not.toBe(null);
    },
  );
}

test.skipIf(!isThere('fish'))('in fish: commands, options, idents and files', async () => {
  const { w, env } = await place();
  const lines = [
    'preforkctl st',
    'preforkctl stop 2.',
    'preforkctl list --no',
    'preforkctl completion ',
    'preforkctl why oth',
  ];
  const asked = lines.map((line) => `complete -C '${line}'; echo`).join('; ');
  const command = `preforkctl completion fish | source; ${asked}`;
  const { stdout, stderr } = await w.run('fish', ['--no-config', '-c', command], { env });
  expect(stderr).toBe('');
  const found = stdout.split('\n\n').map((part) =>
    part
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\t')[0]),
  );
  expect(found[0]).toEqual(['status', 'stop']);
  expect(found[1]).toEqual(['2.mine', '2.other']);
  expect(found[2]).toEqual(['--no-memory']);
  expect(found[3]).toEqual(expect.arrayContaining(['bash', 'fish', 'zsh']));
  expect(found[4]).toEqual(['other.cjs']);
});
