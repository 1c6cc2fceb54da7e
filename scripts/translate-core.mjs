/**
 * Translates dist/core.wasm to C: generated/core.c and core.h by wasm2c, and generated/core_memory.h with the memory that the
 * module wants, which the native runtime sets aside in .bss.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const wasm2c = join(dirname(createRequire(import.meta.url).resolve('wabt/package.json')), 'bin/wasm2c');
const generated = join(root, 'generated');
mkdirSync(generated, { recursive: true });

const module = new WebAssembly.Module(readFileSync(join(root, 'dist/core.wasm')));
const imports = WebAssembly.Module.imports(module);
if (imports.length > 0)
  throw new Error(`dist/core.wasm imports ${imports.map(({ name }) => name)}; the core imports nothing`);
const { memory } = new WebAssembly.Instance(module).exports;

// The file's name is in what wasm2c writes, so it is run where the name is the same on every machine.
execFileSync(process.execPath, [wasm2c, '../dist/core.wasm', '-n', 'core', '-o', 'core.c'], {
  cwd: generated,
  stdio: 'inherit',
});

// The memory is one array that never grows: with its place and its size known to the compiler, the checks of each access, which are all
// still there, load neither from the instance, and those of constant addresses are made while compiling.
function replaceOnce(text, wanted, replacement) {
  if (text.split(wanted).length !== 2)
    throw new Error(`wasm2c writes other macros than wabt 1.0.39's: no single ${wanted}`);
  return text.replace(wanted, () => replacement);
}
const source = join(generated, 'core.c');
let text = readFileSync(source, 'utf8');
text = replaceOnce(text, 'sizeof(t) > mem->size))', 'sizeof(t) > CORE_MEMORY_BYTES))');
text = replaceOnce(text, 'n) &((mem)->data[addr])', 'n) &(core_memory[addr])');
writeFileSync(source, text);

writeFileSync(
  join(generated, 'core_memory.h'),
  `/* Made by scripts/translate-core.mjs from dist/core.wasm. Do not edit. */\n#define CORE_MEMORY_BYTES ${memory.buffer.byteLength}\n`,
);
