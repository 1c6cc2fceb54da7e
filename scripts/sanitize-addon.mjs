/**
 * Builds the addon with the address and undefined behaviour sanitizers and runs the fork checks with it.
 *
 * A Node without sanitizers loads it, the sanitizer's library preloaded: so what is watched is the addon's own code and
 * its use of memory, V8's is not. Leaks are not looked for, since V8 never frees what it holds at the end. The thread
 * sanitizer needs a whole program made with it: the task pool has a test of its own
 * (test/integration/task-pool.test.ts).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const addonRoot = join(root, 'build/sanitize/addon');
const addon = join(addonRoot, 'build/Release/prefork_interp.node');
mkdirSync(dirname(addon), { recursive: true });

const sources = readFileSync(join(root, 'binding.gyp'), 'utf8').match(/native\/\w+\/\w+\.cc/g);
const headers = [join(root, 'native'), createRequire(import.meta.url)('node-addon-api').include_dir, nodeHeaders()];
const flags = [
  ...['-std=c++17', '-fPIC', '-g', '-O1', '-fno-omit-frame-pointer', '-Wall', '-Wextra', '-Werror'],
  // Not vptr: V8's classes, which the addon calls by their tables, carry no type information.
  ...['-fsanitize=address,undefined', '-fno-sanitize=vptr', '-fno-sanitize-recover=all'],
  ...['NAPI_VERSION=8', 'NODE_ADDON_API_CPP_EXCEPTIONS', 'NODE_GYP_MODULE_NAME=prefork_interp'].map(
    (name) => `-D${name}`,
  ),
  ...headers.map((directory) => `-I${directory}`),
];

function nodeHeaders() {
  return join(dirname(dirname(realpathSync(process.execPath))), 'include/node');
}

console.log(`building ${addon}`);
const objects = sources.map((source) => join(addonRoot, `${source.replaceAll('/', '_')}.o`));
// One make rule a file would be a build system: xargs runs as many compilers as there are processors.
execFileSync('xargs', ['-P', String(availableParallelism()), '-n', '2', 'c++', ...flags, '-c', '-o'], {
  input: sources.map((source, i) => `${objects[i]}\n${join(root, source)}`).join('\n'),
  stdio: ['pipe', 'inherit', 'inherit'],
});
execFileSync('c++', ['-shared', '-fsanitize=address,undefined', '-o', addon, ...objects], { stdio: 'inherit' });

const preload = execFileSync('c++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
const checks = ['features', 'signals', 'signal-queue', 'stress', 'support', 'threads', 'ways-out'].map(
  (name) => `test/integration/fork-${name}.test.ts`,
);
const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...checks], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    PREFORK_TEST_ADDON_ROOT: addonRoot,
    PREFORK_TEST_PRELOAD: preload,
    // A signal that a check sends is to end the process as it does without the sanitizer.
    ASAN_OPTIONS: ['detect_leaks', 'handle_segv', 'handle_sigbus', 'handle_sigfpe', 'handle_sigill', 'handle_abort']
      .map((name) => `${name}=0`)
      .join(':'),
  },
});
process.exitCode = status ?? 1;
