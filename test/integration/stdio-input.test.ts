/** Standard input is the call's own, by every way to read it, whatever initialisation has done with setup's. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { INPUTS } from '../support/kinds.js';
import { workspace } from '../support/workspace.js';

const WAYS = [
  'data',
  'readable',
  'iteration',
  'encoding',
  'readFileSync',
  'deviceFile',
  'stream',
  'lines',
  'pause',
  'nothing',
];
/** These fail with EAGAIN, also under plain node, where process.stdin was used before and the data is still to come. */
const NEED_DATA = ['readFileSync', 'stream'];
const TEXT = Array.from({ length: 20_000 }, (_, line) => `line ${line} with an ä\n`).join('');

test.each([
  ['has used', { TOUCH_STREAMS: '1' }],
  ['has not used', {}],
])('input that setup %s, read in every way', { timeout: 180_000 }, async (_, touch) => {
  const w = workspace();
  const script = w.fixture('reads.cjs');
  const env = { ...touch, IN: w.write('in', TEXT) };
  for (const [kind, redirection] of Object.entries(INPUTS)) {
    for (const way of WAYS) {
      if (kind === 'pipe' && 'TOUCH_STREAMS' in touch && NEED_DATA.includes(way)) continue;
      const [warm, plain] = await Promise.all([
        w.shell(redirection, [script, way], { env }),
        w.shell(redirection, ['node', script, way], { env }),
      ]);
      expect.soft(warm, `${way} of ${kind}`).toEqual(plain);
    }
  }
  for (const way of WAYS) {
    if (way === 'deviceFile' || way === 'nothing' || ('TOUCH_STREAMS' in touch && NEED_DATA.includes(way))) continue;
    const warm = await w.run(script, [way], { env, input: TEXT });
    expect.soft(warm, `${way} of a socket`).toEqual(await w.plain(script, [way], { env, input: TEXT }));
    expect.soft(warm.stdout).toContain(`${way} ${Buffer.byteLength(way === 'lines' ? TEXT.trimEnd() : TEXT)} `);
  }
});

test('a listener that setup put on its input gets the call’s data', async () => {
  const w = workspace();
  const script = w.fixture('reads.cjs');
  for (const kind of ['pipe', 'file']) {
    const env = { LISTEN_EARLY: '1', IN: w.write('in', TEXT) };
    const warm = await w.shell(INPUTS[kind] as string, [script, 'data'], { env });
    const plain = await w.shell(INPUTS[kind] as string, ['node', script, 'data'], { env });
    expect.soft(warm, kind).toEqual(plain);
    expect.soft(warm.stdout, kind).toContain(` ${Buffer.byteLength(TEXT)} undefined`);
  }
});

test('lines are read as they come, from a terminal too', async () => {
  const w = workspace();
  const script = w.script(
    'echo.cjs',
    `void process.stdin.isTTY; process.preforkInterp?.initialisationComplete();
     const lines = require('node:readline').createInterface({ input: process.stdin });
     console.log('ready', process.stdin.isTTY, process.stdin.constructor.name);
     lines.on('line', (line) => { console.log('got', line); if (line === 'end') lines.close(); });`,
  );
  for (const words of [[script], ['node', script], [script]]) {
    const terminal = w.start('script', ['-qec', words.join(' '), '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] });
    await terminal.says(/ready true ReadStream\r\n/);
    for (const line of ['one', 'two', 'end']) {
      terminal.write(`${line}\n`);
      await terminal.says(new RegExp(`got ${line}\r\n`));
    }
    terminal.endInput();
    expect((await terminal.outcome).status, words.join(' ')).toBe(0);
  }
});

test('what a call has not read is there for the next reader', async () => {
  const w = workspace();
  const script = w.script('ignores.cjs', `process.preforkInterp?.initialisationComplete(); console.log('ignored');`);
  for (const words of [['node', script], [script], [script]]) {
    const outcome = await w.shell('printf "a\\nb\\n" | { "$@"; cat; }', words);
    expect(outcome).toMatchObject({ status: 0, stdout: 'ignored\na\nb\n', stderr: '' });
  }
});

test('100 MB through a pipe, both ways', { timeout: 120_000 }, async () => {
  const w = workspace();
  const script = w.fixture('copy.mjs');
  const source = 'seq 1 20000000 | head -c 104857600';
  const expected = await w.shell(`${source} | cksum`);
  expect(expected.stdout).toMatch(/ 104857600\n$/);
  for (const call of ['first', 'warm']) {
    const copied = await w.shell(`${source} | "$1" | cksum`, [script], { limitMs: 60_000 });
    expect(copied.stdout, call).toBe(expected.stdout);
  }
});

test('100 MB through sockets and files', { timeout: 120_000 }, async () => {
  const w = workspace();
  const script = w.fixture('copy.mjs');
  const text = Buffer.from(
    Array.from({ length: 1_000_000 }, (_, line) => `${line}`.padEnd(103, '.').concat('\n')).join(''),
  );
  w.write('in', text.toString());
  const copied = await w.run(script, [], { input: text, limitMs: 60_000 });
  expect(copied.bytes.equals(text)).toBe(true);
  await w.shell('"$1" <in >out', [script], { limitMs: 60_000 });
  expect(readFileSync(w.path('out')).equals(text)).toBe(true);
});
