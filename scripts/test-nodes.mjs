/**
 * Runs the fork checks on several versions of Node, and many forks under load on each: `npm run test:nodes`.
 *
 *   --nodes 18,22,/opt/node/bin/node   versions to fetch from the npm package `node`, or programs that are there (PREFORK_TEST_NODES)
 *   --forks 1000                       how many forks under load on each (PREFORK_TEST_FORKS)
 *
 * The addon is built once, for all of them. Ends with one line that counts the checks of all versions.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildAddon } from './build-native.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const checks = ['ways-out', 'features', 'signals', 'signal-queue', 'threads', 'support', 'stress'].map(
  (name) => `test/integration/fork-${name}.test.ts`,
);
const cache = join(root, 'node_modules/.cache/nodes');

const { values: flags } = parseArgs({ options: { nodes: { type: 'string' }, forks: { type: 'string' } } });
const nodes = (flags.nodes ?? process.env.PREFORK_TEST_NODES ?? '18,20,22,24').split(',');
const forks = flags.forks ?? process.env.PREFORK_TEST_FORKS ?? '1000';

/** A program that is there, or the newest of a major version, fetched once and kept. */
function program(node) {
  if (node.includes('/')) return node;
  const folder = join(cache, node);
  const binary = join(folder, 'node_modules/node/bin/node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  // A project of its own, or npm would look for one further up and install there.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', `node@${node}`], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (!existsSync(binary))
    throw new Error(`npm has installed node@${node}, but there is no ${binary}: are install scripts allowed?`);
  return binary;
}

/** The numbers of vitest's own report, which is a file so that its other output can be seen. */
function check(binary) {
  const results = mkdtempSync(join(cache, 'results-'));
  const report = join(results, 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  spawnSync(
    process.execPath,
    [vitest, 'run', ...checks, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PREFORK_TEST_NODE: binary, PREFORK_TEST_FORKS: forks },
    },
  );
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch (cause) {
    throw new Error(`vitest left no report of its run on ${binary}`, { cause });
  } finally {
    rmSync(results, { recursive: true });
  }
}

if (!existsSync(join(root, 'build/Release/prefork_interp.node'))) buildAddon(root);
mkdirSync(cache, { recursive: true });
const lines = [];
let passed = 0;
let failed = 0;
for (const node of nodes) {
  const binary = program(node);
  const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`\n${version}: fork checks, and ${forks} forks under load`);
  const report = check(binary);
  // A file that does not load has no tests that could fail.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const failures = report.numFailedTests + broken;
  passed += report.numPassedTests;
  failed += failures;
  lines.push(`${version}: ${report.numPassedTests} passed, ${failures} failed`);
}
console.log(`\n${lines.join('\n')}\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
