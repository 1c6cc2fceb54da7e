/** Output that cannot be written: what a script is told of it, and how it ends, by a call as under plain node. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVED } from '../support/compared.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** Writes until that fails, or so much is written that somebody must have taken it. */
const WRITES = `
  const { spawnSync } = require('node:child_process'); const { writeSync } = require('node:fs');
  process.preforkInterp?.initialisationComplete();
  const piece = 'x'.repeat(1 << 16);
  const tell = (what) => writeSync(2, what + '\\n');
  const stream = () => { let left = 32; const next = (error) => {
    if (error) tell('told ' + error.code); else if (left-- > 0) process.stdout.write(piece, next); else tell('all written'); }; next(); };
  const ways = {
    stream: () => { process.stdout.on('error', (error) => { tell('heard ' + error.code); process.exitCode = 4; }); stream(); },
    unheard: stream,
    console: () => { console.log(piece); tell('went on'); },
    exit: () => { process.stdout.write('a line'); process.exit(5); },
    sync: () => { for (let left = 32; left > 0; left -= 1) try { writeSync(1, piece); } catch (error) {
      if (error.code === 'EAGAIN') { left += 1; continue; } tell('thrown ' + error.code); process.exit(6); } tell('all written'); },
    child: () => { const { status, signal } = spawnSync('sh', ['-c', 'while :; do echo x || exit 7; done 2>/dev/null'], { stdio: 'inherit' });
      tell('child ' + status + ' ' + signal); },
  };
  ways[process.argv[2]]();`;
const WAYS = ['stream', 'unheard', 'console', 'exit', 'sync'];

/** `$@` is the call. Its status is in a file, since some of these are parts of a pipeline. */
const OUTPUTS: [what: string, line: string, ways: string[]][] = [
  ['a full disk', '"$@" >/dev/full; echo $? >status', [...WAYS, 'child']],
  // Its reader may go while the call begins; it has gone for good long before 2 MB are written.
  ['a pipe whose reader has left', '{ "$@"; echo $? >status; } | :', [...WAYS, 'child']],
  [
    'a pipe whose reader leaves',
    '{ "$@"; echo $? >status; } | head -c 100000 | wc -c',
    ['stream', 'unheard', 'sync', 'child'],
  ],
  ['closed', '"$@" >&-; echo $? >status', WAYS],
  ['open for reading only', '"$@" 1</dev/null; echo $? >status', WAYS],
  ['limited in size', 'ulimit -S -f 100; "$@" >limited; echo $? >status', ['stream', 'unheard', 'sync']],
];

async function written(w: Workspace, line: string, words: string[]): Promise<unknown> {
  const { stdout, stderr } = await w.shell(line, words);
  // Where in Node an error comes up depends on whether the reader has left before the write or during it.
  const errors = stderr.replaceAll(/^ {4}at .*\n/gm, '');
  return { stdout, errors, status: readFileSync(w.path('status'), 'utf8') };
}

test.each(OUTPUTS)('%s', async (_, line, ways) => {
  const w = workspace();
  const script = w.script('writes.cjs', WRITES, SERVED);
  await w.run(script, ['console']);
  for (const way of ways) {
    const plain = await written(w, line, ['node', script, way]);
    expect.soft(await written(w, line, [script, way]), way).toEqual(plain);
  }
  expect(w.servers().length).toBe(1);
});
