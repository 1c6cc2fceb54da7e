/** What the end of a call ends, and what it leaves alone: pipes, and processes in the background. As with plain node. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVED } from '../support/compared.js';
import { alive } from '../support/processes.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** Each leaves a process in the background that waits to be told a word, and then writes it down: it can do that only if it lives. */
const SCRIPT = `
  const { spawn, spawnSync } = require('node:child_process');
  process.preforkInterp?.initialisationComplete();
  const line = 'read word <go; echo "$word" >went';
  const [, , background, end] = process.argv;
  const backgrounds = {
    child: () => spawn('sh', ['-c', line], { stdio: 'ignore' }).unref(),
    detached: () => spawn('sh', ['-c', line], { stdio: 'ignore', detached: true }).unref(),
    shell: () => spawnSync('sh', ['-c', '{ ' + line + '; } </dev/null >/dev/null 2>&1 &']),
    closes: () => spawn('sh', ['-c', 'exec >&- 2>&-; ' + line], { stdio: ['ignore', 1, 2] }).unref(),
    holds: () => spawn('sh', ['-c', line + '; echo "and said $word"'], { stdio: ['ignore', 1, 'ignore'] }).unref(),
  };
  backgrounds[background]();
  console.log('left');
  if (end === 'exits') process.exit(3);
  if (end === 'throws') throw new Error('on purpose');`;

const BACKGROUNDS = {
  child: 'a child of its group',
  detached: 'a child of a group of its own',
  shell: 'a command that a shell put there',
  closes: 'a child that closes what it was given',
};
/** The pipe is read to its end before the shell goes on. */
const INTO_A_PIPE = '{ "$@"; echo $? >status; } | cat';

/** Lets the background process go on; its reader is found, or this does not end. */
async function letGoOn(w: Workspace, word: string): Promise<void> {
  await w.shell('echo "$1" >go', [word], { limitMs: 10_000 });
  await until(
    'the background process has gone on',
    () => existsSync(w.path('went')) && read(w, 'went') === `${word}\n`,
  );
  rmSync(w.path('went'));
}

const read = (w: Workspace, name: string) => readFileSync(w.path(name), 'utf8');

function place(): { w: Workspace; script: string } {
  const w = workspace();
  execFileSync('mkfifo', [w.path('go')]);
  return { w, script: w.script('leaves.cjs', SCRIPT, SERVED) };
}

test.each(Object.entries(BACKGROUNDS))(
  'a pipe ends with the call, and what is in the background lives on: %s, %s',
  async (background) => {
    const { w, script } = place();
    for (const [end, status] of [
      ['ends', 0],
      ['exits', 3],
      ['throws', 1],
    ] as const) {
      const seen: unknown[] = [];
      for (const [word, command] of [
        ['plain', ['node', script]],
        ['first', [script]],
        ['warm', [script]],
      ] as const) {
        const outcome = await w.shell(INTO_A_PIPE, [...command, background, end]);
        seen.push({ ...outcome, status: read(w, 'status') });
        await letGoOn(w, `${word} ${end}`);
      }
      const [plain, first, warm] = seen;
      expect.soft(plain).toMatchObject({ stdout: 'left\n', status: `${status}\n` });
      expect.soft([first, warm], end).toEqual([plain, plain]);
    }
  },
);

test('a pipe that somebody in the background still holds does not end before he does', async () => {
  const { w, script } = place();
  for (const command of [['node', script], [script], [script]]) {
    const pipeline = w.start('sh', ['-c', INTO_A_PIPE, 'sh', ...command, 'holds', 'ends']);
    await until('the call itself has ended', () => existsSync(w.path('status')) && read(w, 'status') === '0\n');
    expect(alive(pipeline.pid), 'cat(1) still reads').toBe(true);
    await letGoOn(w, 'word');
    expect(await pipeline.outcome).toMatchObject({ status: 0, stdout: 'left\nand said word\n', stderr: '' });
    rmSync(w.path('status'));
  }
});

test('a pipe ends while another call of the same server runs', async () => {
  const w = workspace();
  const script = w.fixture('hold.mjs', SERVED);
  const other = w.start(script, [], { stdio: ['pipe', 'pipe', 'pipe'] });
  await other.line();
  for (const _ of [1, 2]) {
    const outcome = await w.shell('"$1" 5 </dev/null 2>&1 | cat', [script]);
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+ \d+\n$/), stderr: '' });
  }
  other.endInput();
  expect((await other.outcome).status).toBe(0);
});
