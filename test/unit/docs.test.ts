/** What the documentation names is there, and what a user can meet is in the documentation. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CORE_ERRORS } from '../../src/core/errors.js';
import { DEFAULTS } from '../../src/setup/options.js';
import { ROOT } from '../support/paths.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
];
const EXIT_CODES = read('docs/exit-codes.md');

function sources(folder: string, extension: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true }) as string[];
  return names.filter((name) => name.endsWith(extension)).map((name) => read(join(folder, name)));
}

/** All matches of the first group. */
function all(pattern: RegExp, texts: string[]): string[] {
  return texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] as string));
}

describe.each(PAGES)('%s', (page) => {
  test('links to what exists', () => {
    const targets = all(/\]\(([^)#]+)[^)]*\)/g, [read(page)]).filter((target) => !target.includes('://'));
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });

  test('names files of this repository that exist', () => {
    const named = all(/`((?:assembly|native|src|scripts|test|demo|docs|\.ci)\/[\w./-]*)`/g, [read(page)]);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = all(/`npm (?:run )?(test:?\w*|demo|build|check)`/g, [read(page)]);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('docs/exit-codes.md', () => {
  test('has every error code', () => {
    const ours = all(/'(ERR_PREFORK_\w+)'/g, sources('src', '.ts'));
    expect(ours.length).toBeGreaterThan(0);
    const codes = [...CORE_ERRORS.map(([, name]) => name), ...ours];
    expect(codes.filter((code) => !EXIT_CODES.includes(`\`${code}\``))).toEqual([]);
  });

  test('has every message of the client', () => {
    // Punctuation and joining words are pieces of these, not messages of their own.
    const pieces = all(/\.text\(\s*"((?:[a-z]|[^"]{16})[^"]*)"/g, sources('native/client', '.cc')).map((piece) =>
      piece.trim(),
    );
    expect(pieces.length).toBeGreaterThan(30);
    expect(pieces.filter((piece) => piece.length > 4 && !EXIT_CODES.includes(piece.replace(/:$/, '')))).toEqual([]);
  });
});

test('README.md gives the defaults that there are', () => {
  const readme = read('README.md').replaceAll(' ', ' ');
  for (const [name, value] of Object.entries(DEFAULTS)) {
    const shown = typeof value === 'number' ? value.toLocaleString('en').replaceAll(',', ' ') : `\`'${value}'\``;
    expect(readme).toContain(`| \`${name}\` | ${shown} |`);
  }
});
