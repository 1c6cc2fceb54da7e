/** What a call leaves behind it: pipes at their end, nobody's descriptors in others' hands, modes as they were. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { descriptorsOf } from '../support/processes.js';
import { VERSIONS } from '../support/versions.js';
import { workspace } from '../support/workspace.js';

describe.each(VERSIONS)('%s', (_version, interpreter) => {
  test('pipes and command substitution reach their end while the server lives', async () => {
    const w = workspace();
    const script = w.script(
      'talk.cjs',
      `console.error('setup'); process.preforkInterp?.initialisationComplete(); console.log('out'); console.error('err');`,
      { interpreter: interpreter(w) },
    );
    for (const commandLine of [
      '"$1" 2>&1 | cat',
      'x=$("$1" 2>&1); echo "$x"',
      '"$1" 2>&1 | cat',
      'x=$("$1" 2>&1); echo "$x"',
    ]) {
      const { status, stdout } = await w.shell(commandLine, [script], { limitMs: 20_000 });
      expect({ status, stdout: stdout.replace('setup\n', '') }, commandLine).toEqual({
        status: 0,
        stdout: 'out\nerr\n',
      });
    }
    expect(w.servers().length).toBe(1);
  });

  test.each(['stdout', 'stdin'] as const)('the caller of a first call sees the end of %s', async (which) => {
    const w = workspace();
    const script = w.script(
      'early.cjs',
      `process.preforkInterp?.initialisationComplete(); process.stdout.write('done');`,
      { interpreter: interpreter(w) },
    );
    // cat writes to a pipe whose other end the call has as its input: it must be told that nobody reads it any more.
    const commandLine = which === 'stdout' ? '"$1" 2>/dev/null | cat' : 'yes | { "$1"; }; echo';
    for (const _ of [1, 2])
      expect((await w.shell(commandLine, [script], { limitMs: 20_000 })).stdout.trim()).toBe('done');
  });

  test('an executor has nothing open that is the server’s, its client’s or another call’s', async () => {
    const w = workspace();
    const script = w.fixture('hold.mjs', { interpreter: interpreter(w) });
    const pipes = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };
    const calls = [w.start(script, [], pipes)];
    await calls[0]?.line();
    calls.push(w.start(script, [], pipes), w.start(script, [], pipes));
    const executors = await Promise.all(calls.map(async (call) => Number((await call.line()).split(' ')[0])));
    const plain = w.start('node', [script], pipes);
    await plain.line();

    const ours = new Set(executors);
    const elsewhere = w.processes().flatMap(({ pid }) => (ours.has(pid) || pid === plain.pid ? [] : notPrivate(pid)));
    const seen = new Set(elsewhere);
    for (const [index, pid] of executors.entries()) {
      const mine = notPrivate(pid);
      expect
        .soft(
          mine.filter((name) => seen.has(name)),
          `executor ${index}`,
        )
        .toEqual([]);
      for (const name of mine) seen.add(name);
      expect.soft(kinds(pid), `executor ${index}`).toEqual(kinds(plain.pid));
    }
    for (const call of [...calls, plain]) call.endInput();
    for (const call of [...calls, plain]) expect((await call.outcome).status).toBe(0);
  });
});

/**
 * Names of what is open above the standard descriptors, but for pipes of which the process has both ends: Node makes such for the loops of its
 * own threads, before any fork, and only those threads use them.
 */
function notPrivate(pid: number): string[] {
  const names = [...descriptorsOf(pid)].filter(([descriptor]) => descriptor > 2).map(([, name]) => name);
  return names.filter((name) => /:\[\d+\]$/.test(name) && names.filter((other) => other === name).length === 1);
}

/** How many descriptors there are of each kind, without the numbers. What the test's own process lets its children inherit is no matter. */
function kinds(pid: number): Record<string, number> {
  const inherited = new Set(descriptorsOf(process.pid).values());
  const counted: Record<string, number> = {};
  for (const [descriptor, name] of descriptorsOf(pid)) {
    if (descriptor > 2 && /\d/.test(name) && inherited.has(name)) continue;
    const kind = descriptor <= 2 ? String(descriptor) : name.replace(/\d+/g, 'N');
    counted[kind] = (counted[kind] ?? 0) + 1;
  }
  return counted;
}

/** Ways for a script to end that has used all three streams, so that libuv has made them non-blocking. */
const ENDS = [
  '',
  'process.exit(0)',
  `process.kill(process.pid, 'SIGTERM')`,
  `process.kill(process.pid, 'SIGINT')`,
  `throw new Error('x')`,
];

test('the flags of the caller’s descriptors are after a call as after plain node', { timeout: 120_000 }, async () => {
  const w = workspace();
  // Flags are the open file's, whoever looks: grep(1) looks at its own.
  const flags = '"$@"; grep -h flags /proc/self/fdinfo/0 /proc/self/fdinfo/3 /proc/self/fdinfo/2 3>&1 >flags';
  for (const [index, end] of ENDS.entries()) {
    const script = w.script(
      `flags-${index}.cjs`,
      `process.stdout.isTTY; process.preforkInterp?.initialisationComplete();
       process.stdin.resume(); process.stdout.write('x'); process.stderr.write('y');
       setImmediate(() => { process.stdin.destroy(); ${end} });`,
    );
    for (const commandLine of [`{ ${flags}; } 2>&1 | cat`, `echo z | { ${flags}; } | cat`, flags]) {
      const after: string[] = [];
      for (const words of [['node', script], [script], [script]]) {
        await w.shell(commandLine, words, { input: '' });
        after.push(readFileSync(w.path('flags'), 'utf8'));
      }
      const [plain, ...warm] = after;
      expect.soft(warm, `${end}: ${commandLine}`).toEqual([plain, plain]);
    }
  }
});

test('the terminal’s modes are after a call as after plain node', { timeout: 120_000 }, async () => {
  const w = workspace();
  for (const [index, end] of ENDS.entries()) {
    const script = w.script(
      `raw-${index}.cjs`,
      `process.stdin.isTTY; process.preforkInterp?.initialisationComplete();
       process.stdin.setRawMode(true); process.stdin.resume();
       setImmediate(() => { process.stdin.unref?.(); ${end} });`,
    );
    const after: string[] = [];
    for (const words of [['node', script], [script], [script]]) {
      w.write(
        'inner',
        `stty -g >before\n${words.join(' ')}\nstty -g >after\ngrep flags /proc/self/fdinfo/0 /proc/self/fdinfo/2 >>after`,
      );
      await w.run('script', ['-qec', 'sh ./inner', '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] });
      const modes = readFileSync(w.path('after'), 'utf8');
      expect.soft(modes.split('\n')[0], `${end} of ${words}`).toBe(readFileSync(w.path('before'), 'utf8').trim());
      after.push(modes);
    }
    const [plain, ...warm] = after;
    expect.soft(warm, end).toEqual([plain, plain]);
  }
});
