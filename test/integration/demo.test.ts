/** The demo's tool says the same run plainly, as a first call and as a warm call; and the demo itself runs to its end. */
import { chmodSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENT, ROOT } from '../support/paths.js';
import { type Workspace, workspace } from '../support/workspace.js';

const TOOL = join(ROOT, 'demo/outline.mjs');
const DEMO = join(ROOT, 'demo/run.mjs');
/** It loads the TypeScript compiler seven times, each of which takes seconds on a machine that is busy. */
const DEMO_LIMIT_MS = 180_000;

const SHAPES = `import { readFileSync } from 'node:fs';

export interface Shape {
  area(): number;
}
export type Name = string;
const hidden = 1;
export const visible = hidden, other = 2;

export default class Circle<T> implements Shape {
  static unit = new Circle();
  static of(radius: number): Circle<string> {
    return new Circle(radius);
  }
  constructor(private radius = 1, ...rest: T[]) {}
  get diameter() {
    return this.radius * 2;
  }
  area(): number {
    function square(x: number) {
      return x * x;
    }
    return Math.PI * square(this.radius);
  }
}

namespace Inner {
  export function deep({ a, b }: { a: 1; b?: 2 }, c?: string) {}
}
const arrow = async (path: string) => readFileSync(path);
export { arrow, Inner as Outer };
export * from './elsewhere.js';
`;

const SHAPES_OUTLINE = `shapes.ts
  3  export interface Shape
  6  export type Name
  8  export const visible
  8  export const other
 10  export class Circle
 12    static of(radius)
 15    constructor(radius?, ...rest)
 16    get diameter
 19    area()
 20      function square(x)
 27  namespace Inner
 28    export function deep({ a, b }, c?)
 30  function arrow(path)
 31  export arrow
 31  export Inner as Outer
 32  export * from './elsewhere.js'
`;

const COLOURS = `export enum Colour { red, green }\nexport function mix(a: Colour, b = a) { return b; }\n`;
const COLOURS_OUTLINE = `colours.mts\n  1  export enum Colour\n  2  export function mix(a, b?)\n`;

/** A workspace with the files that the cases name. */
function withFiles(): Workspace {
  const here = workspace();
  here.write('shapes.ts', SHAPES);
  here.write('colours.mts', COLOURS);
  here.write('broken.ts', 'export class Broken {\n  method( {\n}\n');
  here.write('notes.txt', 'not TypeScript\n');
  here.write('-dash.ts', 'export const dash = 1;\n');
  mkdirSync(here.path('folder.ts'));
  return here;
}

/** Plainly, then as a first call, then as a warm call; that they are what they are called is checked on the way. */
async function runAllWays(args: string[]) {
  const here = withFiles();
  const command = ['-U,node', TOOL, ...args];
  const plain = await here.plain(TOOL, args);
  expect(here.rendezvous()).toEqual([]);
  const first = await here.run(CLIENT, command);
  const { pid } = here.server();
  const warm = await here.run(CLIENT, command);
  expect(here.server().pid).toBe(pid);
  return { plain, first, warm };
}

describe('the outline tool', () => {
  test.each([
    { title: 'one file', args: ['shapes.ts'], stdout: SHAPES_OUTLINE },
    { title: 'several files', args: ['shapes.ts', 'colours.mts'], stdout: `${SHAPES_OUTLINE}\n${COLOURS_OUTLINE}` },
    { title: 'a name with a dash', args: ['--', '-dash.ts'], stdout: '-dash.ts\n  1  export const dash\n' },
    { title: 'no such file', args: ['gone.ts'], status: 1, stderr: 'outline: gone.ts: no such file\n' },
    {
      title: 'a directory',
      args: ['folder.ts'],
      status: 1,
      stderr: 'outline: folder.ts: is a directory, not a file\n',
    },
    {
      title: 'a file of another kind',
      args: ['notes.txt'],
      status: 1,
      stderr: 'outline: notes.txt: its name is not that of a TypeScript or JavaScript file\n',
    },
    { title: 'broken syntax', args: ['broken.ts'], status: 1, stderr: "outline: broken.ts:4:1: ')' expected.\n" },
    {
      title: 'good and bad together',
      args: ['gone.ts', 'colours.mts', 'folder.ts'],
      status: 1,
      stdout: COLOURS_OUTLINE,
      stderr: 'outline: gone.ts: no such file\noutline: folder.ts: is a directory, not a file\n',
    },
    { title: 'no file', args: [], status: 2, stderr: 'outline: no file is given; see outline --help\n' },
    {
      title: 'an unknown option',
      args: ['--jsn', 'shapes.ts'],
      status: 2,
      stderr: 'outline: unknown option --jsn; see outline --help\n',
    },
  ])('$title', async ({ args, status = 0, stdout = '', stderr = '' }) => {
    const { plain, first, warm } = await runAllWays(args);
    expect(plain).toMatchObject({ status, stdout, stderr });
    expect(first).toEqual(plain);
    expect(warm).toEqual(plain);
  });

  test('--json', async () => {
    const { plain, first, warm } = await runAllWays(['--json', 'colours.mts']);
    expect(JSON.parse(plain.stdout)).toEqual([
      {
        file: 'colours.mts',
        outline: [
          { kind: 'enum', name: 'Colour', line: 1, exported: true },
          { kind: 'function', name: 'mix', line: 2, exported: true, parameters: ['a', 'b?'] },
        ],
      },
    ]);
    expect(first).toEqual(plain);
    expect(warm).toEqual(plain);
  });

  test('--help', async () => {
    const { plain, first, warm } = await runAllWays(['--help']);
    expect(plain).toMatchObject({ status: 0, stdout: expect.stringMatching(/^usage: outline /), stderr: '' });
    expect(first).toEqual(plain);
    expect(warm).toEqual(plain);
  });

  test('runs by its own first line', async () => {
    const here = withFiles();
    mkdirSync(here.path('bin'));
    // A program of this name on PATH, as an installation leaves it.
    chmodSync(here.write('bin/prefork-interp', `#!/bin/sh\nexec '${CLIENT}' "$@"\n`), 0o755);
    const { PATH } = here.env;
    const env = { PATH: `${here.path('bin')}:${PATH}` };
    expect(await here.run(TOOL, ['colours.mts'], { env })).toMatchObject({ status: 0, stdout: COLOURS_OUTLINE });
    expect(here.server().commandLine).toContain(TOOL);
  });
});

describe('the demo', () => {
  test(
    'shows the outline, measures, and leaves nothing behind',
    async () => {
      const here = workspace();
      mkdirSync(here.path('tmp'));
      const options = { env: { TMPDIR: here.path('tmp') }, limitMs: DEMO_LIMIT_MS };
      const outcome = await here.run('node', [DEMO, '--rounds', '1'], options);
      expect(outcome).toMatchObject({ status: 0, stderr: '' });
      expect(outcome.stdout).toContain('export class Server');
      // Two jobs, and for each of them one plain run, one first call and five warm ones.
      expect(outcome.stdout).toContain('All 14 outputs were the same');
      expect(outcome.stdout.match(/warm call +5 +\d/g)).toHaveLength(2);
      expect(readdirSync(here.path('tmp'))).toEqual([]);
      expect(here.processes()).toEqual([]);
    },
    DEMO_LIMIT_MS,
  );

  test('says so where nothing is built', async () => {
    const here = workspace();
    cpSync(join(ROOT, 'demo'), here.path('demo'), { recursive: true });
    const outcome = await here.run('node', ['demo/run.mjs']);
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toContain('demo: not built yet, run `npm install` first: there is no build/client/');
  });
});
