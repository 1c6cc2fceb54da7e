/** Standard output and error are the call's own, of the right kind, whatever initialisation has done with setup's. */
import { readFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OUTPUTS } from '../support/kinds.js';
import { VERSIONS } from '../support/versions.js';
import { type Workspace, workspace } from '../support/workspace.js';

interface Seen {
  readonly report: unknown;
  readonly output: string;
  readonly status: number | null;
}

/** Runs `words` with an output of this kind: what the script saw, and what came out. */
async function see(w: Workspace, kind: string, words: string[], more: NodeJS.ProcessEnv): Promise<Seen> {
  const env = { ...more, OUT: w.path('out'), REPORT: w.path('report'), TERM: 'xterm-256color' };
  w.write('out', '');
  const { status } = await w.shell(OUTPUTS[kind] as string, words, { env });
  const report = JSON.parse(readFileSync(w.path('report'), 'utf8'));
  rmSync(w.path('report'));
  return { report, output: readFileSync(w.path('out'), 'utf8'), status };
}

/** Without what setup itself said: that belongs to whoever made the first call. */
function ofCall(seen: Seen): Seen {
  return { ...seen, output: seen.output.replaceAll(/setup says\r?\n/g, '') };
}

const FIRST: [name: string, redirection: string][] = [
  ['a pipe', '"$@" 2>&1 | cat >/dev/null'],
  ['a file', '"$@" >/dev/null 2>"$OUT"'],
  ['the null device', '"$@" >/dev/null 2>&1'],
  ['a terminal', 'script -qec "$*" /dev/null >/dev/null'],
  ['closed', '"$@" 2>&-'],
];

test.each(FIRST)('streams that setup used when its output was %s', { timeout: 120_000 }, async (_, first) => {
  const w = workspace();
  const script = w.fixture('streams.cjs');
  const touch = { TOUCH_STREAMS: '1' };
  await w.shell(first, [script], { env: { ...touch, OUT: w.path('first'), REPORT: w.path('first'), TERM: 'xterm' } });
  for (const kind of Object.keys(OUTPUTS)) {
    const warm = await see(w, kind, [script], touch);
    const plain = await see(w, kind, ['node', script], touch);
    expect.soft(ofCall(warm), kind).toEqual(ofCall(plain));
  }
  expect(w.servers().length).toBe(1);
});

describe.each(VERSIONS)('%s', (_version, interpreter) => {
  test('streams that setup has not used', async () => {
    const w = workspace();
    const script = w.fixture('streams.cjs', { interpreter: interpreter(w) });
    for (const kind of Object.keys(OUTPUTS)) {
      const warm = await see(w, kind, [script], {});
      expect.soft(warm, kind).toEqual(await see(w, kind, ['node', script], {}));
    }
  });
});

test('sockets as standard streams', async () => {
  const w = workspace();
  const script = w.fixture('streams.cjs');
  for (const touch of [{ TOUCH_STREAMS: '1' }, { TOUCH_STREAMS: '1' }]) {
    const env = { ...touch, REPORT: w.path('report') };
    const warm = await w.run(script, [], { env, input: '' });
    const warmReport = readFileSync(w.path('report'), 'utf8');
    const plain = await w.plain(script, [], { env, input: '' });
    expect(JSON.parse(warmReport)).toEqual(JSON.parse(readFileSync(w.path('report'), 'utf8')));
    expect(warm.stdout).toBe(plain.stdout);
    expect(warm.stderr.replace('setup says\n', '')).toBe(plain.stderr.replace('setup says\n', ''));
    expect(warm.status).toBe(0);
  }
});

test('listeners that setup put on its streams are kept, and Node’s own are not doubled', async () => {
  const w = workspace();
  const script = w.script(
    'listeners.cjs',
    `process.stdout.on('error', (e) => { console.error('seen', e.code); process.exit(8); });
     process.stdout.once('finish', () => console.error('finished'));
     process.preforkInterp?.initialisationComplete();
     const write = (error) => error || process.stdout.write('x'.repeat(65536), write);
     if (process.argv[2] === 'broken') write(); else process.stdout.end('whole');`,
  );
  // head(1) has gone after one byte: what is written then is EPIPE.
  const broken = '{ "$@" broken; echo $? >status; } | head -c 1; cat status';
  for (const _ of [1, 2]) {
    expect(await w.run(script)).toEqual(await w.plain(script));
    const warm = await w.shell(broken, [script]);
    expect(warm).toEqual(await w.shell(broken, ['node', script]));
    expect(warm).toMatchObject({ stdout: 'x8\n', stderr: 'seen EPIPE\n' });
  }
});

test('standard output and error that are one pipe keep the order in which they were written', async () => {
  const w = workspace();
  const script = w.script(
    'order.cjs',
    `console.log('setup'); process.preforkInterp?.initialisationComplete();
     for (let i = 0; i < 500; i += 1) (i % 2 ? console.log : console.error)(i);`,
  );
  const merged = async (words: string[]) => (await w.shell('"$@" 2>&1 | cat', words)).stdout.replace('setup\n', '');
  for (const _ of [1, 2]) expect(await merged([script])).toBe(await merged(['node', script]));
});
