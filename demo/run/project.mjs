/** Where things are in this repository, and whether they have been built. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
export const CLIENT = join(PROJECT, 'build/client/prefork-interp');
/** Relative to the project, as a person would type it. */
export const TOOL = 'demo/outline.mjs';

const NEEDED = [
  'build/client/prefork-interp',
  'build/Release/prefork_interp.node',
  'dist/adapter.cjs',
  'dist/runtime.cjs',
  'node_modules/typescript/package.json',
];

/** Throws an error that names what is missing and how to get it. */
export function checkBuilt() {
  const missing = NEEDED.filter((path) => !existsSync(join(PROJECT, path)));
  if (missing.length > 0)
    throw new Error(`not built yet, run \`npm install\` first: there is no ${missing.join(', no ')}`);
}

/** The TypeScript and AssemblyScript sources of this project, relative to it, in a fixed order. */
export function sourceFiles() {
  return ['assembly', 'src']
    .flatMap((folder) => filesBelow(folder))
    .filter((path) => /\.m?ts$/.test(path))
    .sort();
}

function filesBelow(folder) {
  return readdirSync(join(PROJECT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
