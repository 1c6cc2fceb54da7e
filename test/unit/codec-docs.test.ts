/** The pages for embedders say what there is: the states of the codec, its errors, and every function of core.wasm. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as codec from 'prefork-interp/codec';
import { describe, expect, test } from 'vitest';
import { moves, type State } from '../../src/codec/dialogue.js';
import { CODEC_ERROR_CODES } from '../../src/codec/errors.js';
import { CORE_ERRORS } from '../../src/core/errors.js';
import { ROOT } from '../support/paths.js';
import { coreBytes } from '../support/wasm-host.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const CODEC = read('docs/codec.md');
const ABI = read('docs/core-abi.md');

describe('docs/codec.md', () => {
  test('has every function and class', () => {
    const names = Object.keys(codec).filter((name) => name !== 'CodecError');
    expect(names.length).toBeGreaterThan(7);
    expect(names.filter((name) => !CODEC.includes(`${name}(`))).toEqual([]);
  });

  test('has every error code of its own', () => {
    expect(CODEC_ERROR_CODES.filter((code) => !CODEC.includes(`| \`${code}\` |`))).toEqual([]);
  });

  const STATES: State[] = ['greeting', 'request', 'offered', 'running', 'asked', 'over'];
  test.each([1, 2] as const)('says of each state of version %i who may send what', (version) => {
    const table = CODEC.slice(CODEC.indexOf(`| version ${version} |`)).split('\n\n')[0] as string;
    const rows = new Map([...table.matchAll(/^\| \| `(\w+)` \| (.*) \|$/gm)].map(([, state, text]) => [state, text]));
    for (const state of STATES) {
      const said = (['client', 'server'] as const).flatMap((role) => {
        const kinds = Object.keys(moves(version, state, role));
        return kinds.length === 0 ? [] : [`by the ${role}: ${kinds.map((kind) => `\`${kind}\``).join(', ')}`];
      });
      if (said.length > 0) expect(rows.get(state)?.startsWith(said.join('; ')), `${state}: ${said}`).toBe(true);
      else expect(rows.get(state) ?? 'nothing').toBe('nothing');
    }
  });
});

describe('docs/core-abi.md', () => {
  const exports = new WebAssembly.Instance(new WebAssembly.Module(coreBytes)).exports as Record<string, unknown>;
  const functions = Object.entries(exports).filter(([, each]) => typeof each === 'function') as [string, () => void][];

  test('has every function of core.wasm, with as many parameters as it takes', () => {
    const parameters = new Map(
      [...ABI.matchAll(/`(\w+)\(([\w, ]*)\)`/g)].map(([, name, list]) => [
        name,
        list === '' ? 0 : list?.split(',').length,
      ]),
    );
    expect(functions.length).toBeGreaterThan(90);
    const wrong = functions.filter(([name, each]) => parameters.get(name) !== each.length);
    expect(wrong.map(([name, each]) => `${name} takes ${each.length}`)).toEqual([]);
    expect([...parameters.keys()].filter((name) => !(`${name}` in exports))).toEqual([]);
  });

  test('has every error with its number', () => {
    expect(CORE_ERRORS.filter(([number, name]) => !ABI.includes(`| ${number} | \`${name}\` |`))).toEqual([]);
  });
});
