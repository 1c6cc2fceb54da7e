/**
 * Builds everything from the sources, in the order in which one thing needs the other:
 *
 *     assembly/ --asc--> dist/core.wasm --wasm2c--> generated/core.{c,h} --cc--> build/client/prefork-interp
 *     native/recorder/ ---------------------------cc--> build/recorder/prefork-interp-recorder.so
 *     assembly/constants.ts ----------------------> generated/constants.h --^
 *     native/addon/ --node-gyp-------------------> build/Release/prefork_interp.node
 *     src/ --esbuild--> dist/{runtime.cjs,adapter.cjs,doctor.cjs,index.js,codec.js,codec.cjs,preforkctl.js}    --tsc--> dist/*.d.ts
 *
 * `node scripts/build.mjs [STEP ..]` builds only the steps that are named.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAddon, buildClient } from './build-native.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/**
 * At the top of dist/runtime.cjs and adapter.cjs. The library uses Node's modules and globals as they are when it is loaded, which mostly is before the script: what the script
 * puts in the place of their functions (a `fs` that logs, say, or one for tests) is for its own use.
 */
const KEEPING_NODES_OWN = `"use strict";
require = ((original) => (name) => {
  const exported = original(name);
  if (!name.startsWith("node:")) return exported;
  return Object.defineProperties({}, Object.getOwnPropertyDescriptors(exported));
})(require);
const { Buffer, performance, TextDecoder, TextEncoder, WebAssembly } = globalThis;
`;

function node(script, ...args) {
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
}

/** The program of a package, by its package.json: what npm would link, wherever npm has put it. */
function program(packageName, name) {
  const manifest = require.resolve(`${packageName}/package.json`);
  const { bin } = require(manifest);
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[name]);
}

const steps = {
  core() {
    mkdirSync(join(root, 'dist'), { recursive: true });
    mkdirSync(join(root, 'generated'), { recursive: true });
    node(program('assemblyscript', 'asc'), '--config', 'asconfig.json');
    node(join(root, 'scripts/generate-constants.mjs'));
    node(join(root, 'scripts/translate-core.mjs'));
  },
  async library() {
    const { build } = await import('esbuild');
    const common = {
      absWorkingDir: root,
      bundle: true,
      platform: 'node',
      target: 'node18',
      logLevel: 'warning',
      loader: { '.wasm': 'binary' },
    };
    // One copy of the library, whoever loads it: its state must not exist twice.
    const beside = {
      name: 'beside',
      setup: ({ onResolve }) =>
        onResolve({ filter: /runtime\.cjs$/ }, () => ({ path: './runtime.cjs', external: true })),
    };
    const banner = { js: KEEPING_NODES_OWN };
    await build({ ...common, banner, format: 'cjs', entryPoints: ['src/runtime.ts'], outfile: 'dist/runtime.cjs' });
    await build({
      ...common,
      banner,
      format: 'cjs',
      entryPoints: ['src/interpreters/node/preload.cts'],
      outfile: 'dist/adapter.cjs',
      plugins: [beside],
    });
    await build({
      ...common,
      banner,
      format: 'cjs',
      entryPoints: ['src/doctor/examination.ts'],
      outfile: 'dist/doctor.cjs',
    });
    await build({
      ...common,
      format: 'esm',
      entryPoints: ['src/index-esm.mts'],
      outfile: 'dist/index.js',
      plugins: [beside],
    });
    // For embedders, wherever WebAssembly is: nothing of Node, and nothing of the library above.
    for (const [format, outfile] of [
      ['esm', 'dist/codec.js'],
      ['cjs', 'dist/codec.cjs'],
    ]) {
      await build({ ...common, platform: 'neutral', target: 'es2022', format, entryPoints: ['src/codec.ts'], outfile });
    }
    const control = 'dist/preforkctl.js';
    await build({
      ...common,
      format: 'esm',
      entryPoints: ['src/control/main.ts'],
      outfile: control,
      // By which the addon is found (src/native/binding.ts); an ES module has none of its own.
      banner: {
        js: "import { fileURLToPath as pathOf } from 'node:url';\nconst __dirname = pathOf(new URL('.', import.meta.url));",
      },
    });
    chmodSync(join(root, control), 0o755);
  },
  types() {
    node(program('typescript', 'tsc'), '-p', 'tsconfig.build.json');
    copyFileSync(join(root, 'src/codec.d.cts'), join(root, 'dist/types/src/codec.d.cts'));
  },
  client: () => buildClient(root),
  addon: () => buildAddon(root),
};

for (const step of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(steps)) {
  if (!Object.hasOwn(steps, step)) throw new Error(`no step ${step}; there are ${Object.keys(steps).join(', ')}`);
  await steps[step]();
}
