/** What a call takes from its caller: environment, arguments, directory, time zone; and what it keeps of setup. */
import { mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VERSIONS } from '../support/versions.js';
import { workspace } from '../support/workspace.js';

const PRINT_ENVIRONMENT = `
  const { spawnSync } = require('node:child_process');
  process.env.LEFT_BY_SETUP = 'yes'; delete process.env.HOME;
  process.preforkInterp?.initialisationComplete();
  spawnSync('/usr/bin/env', ['-0'], { stdio: 'inherit' });
  process.stdout.write(Object.keys(process.env).join());`;

describe.each(VERSIONS)('%s', (version, interpreter) => {
  test('the environment is the call’s, in the order given, with what setup has changed in it', async () => {
    const w = workspace();
    const script = w.script('environment.cjs', PRINT_ENVIRONMENT, { interpreter: interpreter(w) });
    // A shell sets bytes that are no UTF-8, an empty value, one with a line end and one with `=`; env(1) keeps the order.
    const call = `export BYTES="$(printf 'a\\377\\300b')"; exec env EMPTY= "EQUALS=a=b=" "LINES=1
2" "$@"`;
    for (const only of ['first', 'second']) {
      const env = { [`ONLY_${only}`]: only };
      const plain = await w.shell(call, ['node', script], { env });
      const warm = await w.shell(call, [script], { env });
      // What is no UTF-8 becomes U+FFFD on its way through process.env, also under plain node.
      expect(plain).toMatchObject({ status: 0, stdout: expect.stringContaining('BYTES=a\ufffd\ufffdb\0') });
      expect(warm.stderr).toBe('');
      expect(warm.stdout.split('\0')).toEqual(plain.stdout.split('\0'));
    }
  });

  test('what a caller says himself goes before what setup has made of what the first one said', async () => {
    const w = workspace();
    const script = w.script('environment.cjs', PRINT_ENVIRONMENT, { interpreter: interpreter(w) });
    await w.run(script);
    const { stdout } = await w.run(script, [], { env: { LEFT_BY_SETUP: 'his', HOME: '/his' } });
    expect(stdout.split('\0')).toEqual(expect.arrayContaining(['LEFT_BY_SETUP=his', 'HOME=/his']));
  });

  test('arguments: none, empty, many, long, with every byte that an argument can hold', async () => {
    const w = workspace();
    const script = w.script(
      'arguments.cjs',
      `process.preforkInterp?.initialisationComplete();
    const { argv } = process; console.log(argv.length, Buffer.from(argv.join('|')).toString('hex').slice(0, 1e5));`,
      { interpreter: interpreter(w) },
    );
    const everyByte = `set -- "$@" "$(printf "$(seq 1 255 | xargs printf '\\\\%03o')")"; exec "$@"`;
    const cases: [string, string[]][] = [
      ['exec "$@"', []],
      ['exec "$@"', ['', ' ', '-x', '--', '']],
      ['exec "$@"', Array.from({ length: 5000 }, (_, i) => String(i))],
      ['exec "$@" $(seq 1 130000)', []],
      ['exec "$@"', ['x'.repeat(100_000)]],
      [everyByte, []],
    ];
    for (const [call, args] of cases) {
      const warm = await w.shell(call, [script, ...args]);
      expect(warm).toEqual(await w.shell(call, ['node', script, ...args]));
      expect(warm).toMatchObject({ status: 0, stderr: '' });
    }
  });

  test('the directory is the caller’s', async () => {
    const w = workspace();
    const script = w.script(
      'where.cjs',
      `const { execSync } = require('node:child_process'); process.cwd();
    process.preforkInterp?.initialisationComplete(); console.log(process.cwd(), String(execSync('pwd')), require('node:path').resolve('x'));`,
      { interpreter: interpreter(w) },
    );
    for (const name of ['one', 'two', 'one']) {
      mkdirSync(w.path(name), { recursive: true });
      const warm = await w.run(script, [], { cwd: w.path(name) });
      expect(warm).toEqual(await w.plain(script, [], { cwd: w.path(name) }));
      expect(warm.stdout).toContain(w.path(name));
    }
    // Version 1 cannot pass it on: each has a server of its own.
    expect(w.servers().length).toBe(version === 'version 1' ? 2 : 1);
  });

  test('the time zone is the call’s, also when setup has used dates already', async () => {
    const w = workspace();
    const script = w.script(
      'zone.cjs',
      `const { execSync } = require('node:child_process'); const early = new Date(0).toString();
    process.preforkInterp?.initialisationComplete();
    console.log(new Date(0).toString(), Intl.DateTimeFormat().resolvedOptions().timeZone, String(execSync('date -d @0 +%H%z')));`,
      { interpreter: interpreter(w) },
    );
    for (const zone of ['Asia/Tokyo', 'America/New_York', 'UTC', undefined, 'Asia/Tokyo']) {
      const env = zone === undefined ? {} : { TZ: zone };
      const warm = await w.run(script, [], { env });
      expect(warm).toEqual(await w.plain(script, [], { env }));
      expect(warm.status).toBe(0);
    }
  });
});

test('an environment of one variable, and one of a megabyte', async () => {
  const w = workspace();
  const script = w.script(
    'size.cjs',
    `process.preforkInterp?.initialisationComplete();
    console.log(Object.keys(process.env).length, Object.values(process.env).join('').length);`,
  );
  // The mark by which the test finds its processes and the run directory have to stay.
  const kept = `env -i PATH="$PATH" PREFORK_INTERP_RUN_DIR="$PREFORK_INTERP_RUN_DIR" PREFORK_TEST_WORKSPACE="$PREFORK_TEST_WORKSPACE"`;
  const big = 'i=0; while [ $i -lt 10 ]; do export "BIG_$i=$(printf %0100000d 0)"; i=$((i+1)); done; exec "$@"';
  for (const call of [`${kept} "$@"`, big, `${kept} "$@"`]) {
    const warm = await w.shell(call, [script]);
    const plain = await w.shell(call, ['node', script]);
    expect(warm).toEqual(plain);
    expect(warm.status).toBe(0);
  }
});

test('arguments that setup has taken off process.argv are there again in each call', async () => {
  const w = workspace();
  const script = w.script(
    'taken.cjs',
    `const { argv } = process; if (process.preforkInterp) argv.length = 2;
     process.preforkInterp?.initialisationComplete(); console.log(argv.slice(2), argv === process.argv);`,
  );
  for (const args of [['a'], [], ['b', 'c']]) expect(await w.run(script, args)).toEqual(await w.plain(script, args));
});

test('words that setup has taken off the front of process.argv are taken off in each call', async () => {
  const w = workspace();
  const script = w.script(
    'front.cjs',
    `process.argv = process.argv.slice(2); process.preforkInterp?.initialisationComplete(); console.log(process.argv);`,
  );
  for (const args of [['a', 'x'], [], ['b', 'c', 'd']]) {
    expect(await w.run(script, args)).toEqual(await w.plain(script, args));
  }
});

test('timers and promises that setup has begun go on in each call', async () => {
  const w = workspace();
  const script = w.script(
    'timers.mjs',
    `const begun = new Promise((done) => setTimeout(done, 20, 'timer of setup'));
    const resolved = Promise.resolve('promise of setup');
    process.preforkInterp?.initialisationComplete();
    console.log(await begun, await resolved, await new Promise((done) => setImmediate(done, 'own')));`,
  );
  for (const _ of [1, 2]) expect(await w.run(script)).toEqual(await w.plain(script));
});
