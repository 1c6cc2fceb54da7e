/** How the cost of a warm call grows with what its server and its caller have. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case, Section } from '../case.js';
import type { Place } from '../place.js';
import { program } from '../programs.js';
import { CALLS, first, trivial, warm } from '../servers.js';

const ROUNDS = { full: 10, quick: 2 };
const calls = CALLS.short;

/** One string of an environment has at most 128 KiB (execve(2), MAX_ARG_STRLEN). */
const ENTRY_BYTES = 100_000;

function environment(bytes: number): Record<string, string> {
  const sizes = [...Array(Math.floor(bytes / ENTRY_BYTES)).fill(ENTRY_BYTES), bytes % ENTRY_BYTES];
  return Object.fromEntries(sizes.map((size, at) => [`BENCH_${at}`, 'x'.repeat(size)]));
}

/** Beside the empty program: most of what a large environment costs is that the kernel copies it. */
export const environments: Section = {
  name: 'environment',
  title: 'Bytes of environment',
  rounds: ROUNDS,
  cases(place, quick) {
    const script = place.script('trivial.cjs', trivial());
    return (quick ? [1_000, 1_500_000] : [1_000, 10_000, 100_000, 500_000, 1_500_000]).flatMap((bytes) => [
      warm(place, {
        name: `environment-${bytes}`,
        title: `warm call, ${bytes}`,
        command: [script],
        env: environment(bytes),
        calls,
      }),
      {
        name: `empty-${bytes}`,
        title: `empty program, ${bytes}`,
        command: [program('empty')],
        env: environment(bytes),
        calls,
      },
    ]);
  },
};

/** A node with nothing loaded has about 40 MB in memory; an object of this shape has about 140 bytes. */
const OBJECTS_PER_MB = 7_000;

export const heaps: Section = {
  name: 'heap',
  title: 'MB of server heap',
  rounds: ROUNDS,
  cases: (place, quick) =>
    (quick ? [40, 200] : [40, 100, 250, 500, 1000]).map((megabytes) => {
      const ballast = `globalThis.ballast = Array.from({ length: ${(megabytes - 40) * OBJECTS_PER_MB} }, (_, i) => ({ i, text: 'x' + i, more: [i] }));\n`;
      const script = place.script(
        `heap-${megabytes}.cjs`,
        trivial(ballast),
        '-U,--strict,node,--max-old-space-size=4096',
      );
      return warm(place, { name: `heap-${megabytes}`, title: `warm call, ${megabytes}`, command: [script], calls });
    }),
};

export const modules: Section = {
  name: 'modules',
  title: 'Modules loaded',
  rounds: ROUNDS,
  cases: (place, quick) => (quick ? [10, 1000] : [10, 100, 1000, 10_000]).map((count) => loading(place, count)),
};

function loading(place: Place, count: number): Case {
  const name = `modules-${count}`;
  const source = `for (let i = 0; i < ${count}; i++) require(\`./${name}/\${i}.cjs\`);\n`;
  const script = place.script(`${name}.cjs`, trivial(source));
  const warmCase = warm(place, { name, title: `warm call, ${count}`, command: [script], calls });
  const write = async () => {
    mkdirSync(place.path(name));
    for (let i = 0; i < count; i++) writeFileSync(place.path(`${name}/${i}.cjs`), `exports.number = () => ${i};\n`);
  };
  return { ...warmCase, start: () => write().then(warmCase.start) };
}

/** A first call removes what is above a hundred entries (docs/protocol.md, Preclean), so they are made anew for each. */
export const runDirectories: Section = {
  name: 'run-directory',
  title: 'Entries in the run directory',
  rounds: { full: 5, quick: 1 },
  cases: (place, quick) => (quick ? [10, 1000] : [10, 100, 1000, 10_000]).flatMap((count) => entries(place, count)),
};

function entries(place: Place, count: number): Case[] {
  const fill = (directory: string) => {
    for (let i = 0; i < count; i++) writeFileSync(join(directory, `s2.${i}`), '');
  };
  const warmDirectory = place.makeRunDirectory(`warm-${count}`);
  const firstDirectory = place.makeRunDirectory(`first-${count}`, { steady: false });
  const script = place.script(`entries-${count}.cjs`, trivial());
  const warmCase = warm(place, {
    name: `entries-${count}`,
    title: `warm call, ${count}`,
    command: [script],
    env: { PREFORK_INTERP_RUN_DIR: warmDirectory },
    calls,
  });
  const firstCase = first(
    place,
    { name: `first-${count}`, title: `first call, ${count}`, command: [script] },
    script,
    firstDirectory,
  );
  return [
    { ...warmCase, start: () => warmCase.start().then(() => fill(warmDirectory)) },
    { ...firstCase, prepare: () => firstCase.prepare().then(() => fill(firstDirectory)) },
  ];
}

export const GROWTH: readonly Section[] = [environments, heaps, modules, runDirectories];
