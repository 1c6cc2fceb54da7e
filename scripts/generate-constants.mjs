/**
 * Makes generated/constants.h from assembly/constants.ts and src/core/errors.ts, so that a constant and an error's words have
 * one home. Reads both as modules: esbuild takes their types off.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const constants = await load('assembly/constants.ts');
const { CORE_ERRORS: errors } = await load('src/core/errors.ts');

const codes = Object.entries(constants).filter(([name]) => name.startsWith('E_') && name !== 'E_NONE');
for (const [name, code] of codes) {
  const texts = errors.filter(([number]) => number === code);
  if (texts.length !== 1) throw new Error(`src/core/errors.ts has ${texts.length} lines for ${name}; it must have one`);
}
for (const [name, value] of Object.entries(constants)) {
  if (!Number.isSafeInteger(value)) throw new Error(`assembly/constants.ts: ${name} is ${value}, not an integer`);
}

const lines = [
  '// Made by scripts/generate-constants.mjs from assembly/constants.ts and src/core/errors.ts. Do not edit.',
  '#pragma once',
  '',
  'namespace prefork::core {',
  '',
  ...Object.entries(constants).map(([name, value]) => `inline constexpr int ${name} = ${value};`),
  '',
  '// What an error code is called and says; in the text, % stands for what the error is about.',
  'struct ErrorText {',
  '  int code;',
  '  const char *name;',
  '  const char *text;',
  '};',
  '',
  'inline constexpr ErrorText ERROR_TEXTS[] = {',
  ...errors.map(([code, name, text]) => `    {${code}, ${JSON.stringify(name)}, ${JSON.stringify(text)}},`),
  '};',
  '',
  '}  // namespace prefork::core',
  '',
];
mkdirSync(join(root, 'generated'), { recursive: true });
writeFileSync(join(root, 'generated/constants.h'), lines.join('\n'));

async function load(path) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [path],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'warning',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
