/** `npm run bench`: makes one program of test/bench/*.ts, and runs it. Its options: `npm run bench -- --help`. */
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// As deep below the root as test/support/paths.ts, which finds the root by its own place.
const outfile = join(root, 'build/bench-program/main.mjs');
await build({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node18',
  format: 'esm',
  logLevel: 'warning',
  entryPoints: ['test/bench/main.ts'],
  outfile,
});
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main(process.argv.slice(2));
