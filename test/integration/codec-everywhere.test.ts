/**
 * The codec runs wherever WebAssembly does: the vectors in Node, in a context that has nothing of Node's, in Chromium, in bun and in deno. Those of
 * the last three that are not on PATH are skipped, by name.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { codecLines, VECTOR_FILES } from '../support/codec-cases.js';
import { NODE, ROOT } from '../support/paths.js';
import { workspace } from '../support/workspace.js';

/** The few that are megabytes are left to test/unit/codec-vectors.test.ts. */
const LONGEST = 20_000;
const CASES = VECTOR_FILES.flatMap(codecLines).filter(({ line }) => line.length <= LONGEST);
const LIMIT_MS = 120_000;

/** A script without imports that runs all cases and prints, or shows in its page, what came of them. */
let script: string;

beforeAll(async () => {
  const contents = `
    import { runInCodec } from './codec-host.js';
    const wrong = ${JSON.stringify(CASES)}.map((each) => ({ ...each, result: runInCodec(each.line) }))
      .filter(({ expected, result }) => expected.join('\\n') !== result.join('\\n'));
    const report = 'report ' + JSON.stringify({ cases: ${CASES.length}, wrong: wrong.length, first: wrong[0] ?? null }) + '.';
    if (typeof document === 'undefined') console.log(report);
    else document.body.textContent = report;
  `;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(ROOT, 'test/support') },
    alias: { 'prefork-interp/codec': join(ROOT, 'dist/codec.js') },
    bundle: true,
    platform: 'neutral',
    format: 'iife',
    target: 'es2022',
    write: false,
  });
  // A page ends a script at this, wherever it stands.
  script = (outputFiles[0]?.text ?? '').replaceAll('</script', '<\\/script');
});

function expectGood(output: string): void {
  const [, report] = /report (\{.*\})\./s.exec(output) ?? [];
  if (report === undefined) throw new Error(`no report: ${output.slice(0, 2000)}`);
  expect(JSON.parse(report)).toEqual({ cases: CASES.length, wrong: 0, first: null });
}

function program(...names: string[]): string | undefined {
  return names.find((name) => {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

test('there are thousands of cases', () => {
  expect(CASES.length).toBeGreaterThan(5000);
});

test('in Node', { timeout: LIMIT_MS }, async () => {
  const w = workspace();
  const { status, stdout, stderr } = await w.run(NODE, [w.write('cases.cjs', script)], { limitMs: LIMIT_MS });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expectGood(stdout);
});

test('in a context that has nothing but the language, WebAssembly, TextEncoder and TextDecoder', {
  timeout: LIMIT_MS,
}, () => {
  const output: string[] = [];
  const context = createContext({ TextDecoder, TextEncoder, console: { log: (line: string) => output.push(line) } });
  runInContext(script, context);
  expectGood(output.join('\n'));
});

const chromium = program('chromium', 'chromium-browser', 'google-chrome');

test.skipIf(!chromium)('in headless Chromium (needs chromium)', { timeout: LIMIT_MS }, async () => {
  const w = workspace();
  const page = w.write('page.html', `<!DOCTYPE html><meta charset="utf-8"><body><script>${script}</script></body>`);
  // It keeps a profile, and its sandbox does not start as root.
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    `--user-data-dir=${w.path('profile')}`,
  ];
  const outcome = await w.run(chromium as string, [...flags, '--dump-dom', `file://${page}`], { limitMs: LIMIT_MS });
  expectGood(outcome.stdout.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
});

const others = [
  { name: 'bun', words: ['run'] },
  { name: 'deno', words: ['run', '--no-remote'] },
];

for (const { name, words } of others) {
  const found = program(name);
  test.skipIf(!found)(`in ${name} (needs ${name})`, { timeout: LIMIT_MS }, async () => {
    const w = workspace();
    const env = { PATH: process.env['PATH'] };
    const outcome = await w.run(name, [...words, w.write('cases.js', script)], { limitMs: LIMIT_MS, env });
    expect(outcome.status, outcome.stderr).toBe(0);
    expectGood(outcome.stdout);
  });
}

/** A script that uses the package as it is installed. */
const USES = `
  const { waitStatus } = codec;
  console.log(JSON.stringify(waitStatus(15, 'exact')), codec.CodecError.name);
`;
const PRINTED = '{"action":"raise","signal":15,"core":false} CodecError\n';

test.each([
  ['import', 'uses.mjs', `import * as codec from 'prefork-interp/codec';${USES}`],
  ['require()', 'uses.cjs', `const codec = require('prefork-interp/codec');${USES}`],
  [
    'import, with core.wasm as a file, compiled apart',
    'uses.mjs',
    `import { readFileSync } from 'node:fs';
     import { createRequire } from 'node:module';
     import * as codec from 'prefork-interp/codec';
     const file = createRequire(import.meta.url).resolve('prefork-interp/core.wasm');
     try { codec.useCore(readFileSync(file).subarray(1)); } catch ({ code }) { if (code !== 'ERR_CODEC_ARGUMENT') throw code; }
     codec.useCore(await WebAssembly.compile(readFileSync(file)));
     try { codec.useCore(readFileSync(file)); } catch ({ code }) { if (code !== 'ERR_CODEC_SEQUENCE') throw code; }
     ${USES}`,
  ],
])('is loaded by %s', async (_, name, source) => {
  const w = workspace();
  w.installPackage();
  expect(await w.run(NODE, [w.write(name, source)])).toMatchObject({ status: 0, stdout: PRINTED, stderr: '' });
});
