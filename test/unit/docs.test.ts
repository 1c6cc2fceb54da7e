/** What the documentation names is there, and what a user can meet is in the documentation. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PRECLEAN_KEEP, PRECLEAN_KEEP_LIMIT } from '../../assembly/constants.js';
import { CORE_ERRORS } from '../../src/core/errors.js';
import { instantiate } from '../../src/core.js';
import { DEFAULTS, onTheLine } from '../../src/setup/options.js';
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

/** A page of the manual as it is read, without its marks. */
function manual(name: string): string {
  return read(`man/${name}`)
    .replaceAll(/\\f[A-Z]/g, '')
    .replaceAll('\\-', '-')
    .replaceAll(/^\.B[IR]? /gm, '');
}

describe('the manual', () => {
  test('prefork-interp(1) has the options and variables that --help tells of, and no others', () => {
    const page = manual('prefork-interp.1');
    const usage = all(/^ {4}"([^"]*)\\n"$/gm, [read('native/client/usage.cc')]).join('\n');
    const told = all(/^ {2}(--?[A-Za-z-]+)/gm, [usage]);
    expect(told.length).toBeGreaterThan(15);
    const described = all(/^\.TP\n(--?[A-Za-z-]+)/gm, [page]);
    expect(described.sort()).toEqual(told.sort());
    const variables = all(/(PREFORK_INTERP_\w+)/g, [usage]);
    expect(new Set(all(/^\.TP\n(PREFORK_INTERP_\w+)/gm, [page]))).toEqual(new Set(variables));
  });

  test('preforkctl(1) has each command, with the options that its --help tells of', () => {
    const page = manual('preforkctl.1');
    const [commands] = read('src/control/main.ts').split('COMMAND --help says more');
    const names = all(/^ {2}([a-z]+) /gm, [commands as string]);
    expect(names.length).toBeGreaterThan(6);
    for (const name of names) {
      expect(page).toContain(`.TP\n${name}\n`);
      const line = page
        .split('\n')
        .find((each) => each.startsWith(`preforkctl ${name} `) || each === `preforkctl ${name}`);
      const told = all(/^ {2}(--[a-z-]+)/gm, [read(`src/control/${name}.ts`)]).filter((option) => option !== '--help');
      expect(all(/(--[a-z-]+)/g, [line ?? '']).sort(), name).toEqual([...new Set(told)].sort());
    }
  });
});

describe('docs/life-cycle.md', () => {
  const PAGE = read('docs/life-cycle.md').replaceAll('\u00a0', ' ');

  test('has every option: its name in the script and in the line, and its default', () => {
    for (const [name, value] of Object.entries(DEFAULTS)) {
      const shown = typeof value === 'number' ? value.toLocaleString('en').replaceAll(',', ' ') : `\`'${value}'\``;
      expect(PAGE).toContain(`| \`${name}\` | \`${onTheLine(name)}\` | ${shown} |`);
    }
    const [rows] = PAGE.split('\n\n').filter((part) => part.startsWith('| script |'));
    expect(all(/^\| `(\w+)` \|/gm, [rows as string])).toEqual(Object.keys(DEFAULTS));
  });

  test('has the options that the client takes, and tells of', () => {
    const core = instantiate(readFileSync(join(ROOT, 'dist/core.wasm')));
    const usage = read('native/client/usage.cc');
    for (const name of Object.keys(DEFAULTS)) {
      const words = ['prefork-interp', '-U', `${onTheLine(name)}=1`, 'node'].map((word) => Buffer.from(word));
      expect(core.parseOptions(words).fields.map(({ tag }) => tag)).toEqual(['o']);
      expect(usage).toContain(`  ${onTheLine(name)}=`);
    }
  });

  test('has how many servers are left, and between what that may be', () => {
    const row = `| | \`PREFORK_INTERP_KEEP_SERVERS\`, a variable | ${PRECLEAN_KEEP} | servers, 1 to ${PRECLEAN_KEEP_LIMIT} |`;
    expect(PAGE).toContain(row);
    expect(read('native/client/preclean.cc')).toContain('"PREFORK_INTERP_KEEP_SERVERS"');
  });

  test('has every reason for which a server retires, in the words of the log', () => {
    const lines = sources('src/server', '.ts').flatMap((text) => text.split('\n'));
    const reasons = lines.filter((line) => /retire: [`']|#retire\(/.test(line));
    const judged = ['acceptor', 'dependency'].flatMap((name) => read(`src/server/${name}.ts`).split('\n'));
    const strings = all(/['`]([^'`]+)['`]/g, [...reasons, ...judged.filter((line) => /return .*`/.test(line))]);
    const quoted = all(
      /'([^']+)'/g,
      judged.filter((line) => !line.includes('log(')),
    );
    const pieces = [...strings, ...quoted]
      .flatMap((text) => text.split(/\$\{[^}]*\}?/))
      .map((piece) => piece.trim())
      .filter((piece) => piece.includes(' '));
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.filter((piece) => !PAGE.includes(piece))).toEqual([]);
  });
});
