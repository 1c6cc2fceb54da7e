/** A fork has the random state of what it was forked from: each call must get one of its own. */
import { expect, test } from 'vitest';
import { workspace } from '../support/workspace.js';

/** Each gives a string that two processes have in common with a probability of less than one in 2^48. */
const SOURCES: Record<string, string> = {
  'Math.random': '() => String(Math.random())',
  'Math.random, kept by setup': '() => String(kept())',
  'crypto.randomUUID': '() => crypto.randomUUID()',
  'crypto.randomUUID without its cache': '() => crypto.randomUUID({ disableEntropyCache: true })',
  'crypto.randomInt': '() => [1, 2, 3].map(() => crypto.randomInt(2 ** 40)).join()',
  'crypto.randomInt of a small range': '() => Array.from({ length: 60 }, () => crypto.randomInt(2)).join("")',
  'crypto.randomBytes': '() => crypto.randomBytes(16).toString("hex")',
  'crypto.randomFillSync': '() => String(crypto.randomFillSync(new Uint32Array(4)))',
  'webcrypto.getRandomValues': '() => String(crypto.webcrypto.getRandomValues(new Uint32Array(4)))',
  'webcrypto.randomUUID': '() => crypto.webcrypto.randomUUID()',
  'crypto.generateKeySync': '() => crypto.generateKeySync("aes", { length: 256 }).export().toString("hex")',
};

const SCRIPT = (used: boolean) => `
  const crypto = require('node:crypto');
  const kept = Math.random;
  const sources = { ${Object.entries(SOURCES)
    .map(([name, source]) => `${JSON.stringify(name)}: ${source}`)
    .join(', ')} };
  const draw = () => Object.entries(sources).map(([name, source]) => [name, source()]);
  if (${used}) draw();
  process.preforkInterp?.initialisationComplete({ maxServers: -1 });
  console.log(JSON.stringify(draw()));`;

test.each([
  ['when setup has used them', true],
  ['when setup has not used them', false],
])('no two calls draw the same, %s', async (_, used) => {
  const w = workspace();
  const script = w.script('draws.cjs', SCRIPT(used));
  const calls = [
    await w.run(script),
    await w.run(script),
    ...(await Promise.all([1, 2, 3, 4].map(() => w.run(script)))),
  ];
  const drawn = new Map<string, string[]>(Object.keys(SOURCES).map((name) => [name, []]));
  for (const { stdout, stderr } of calls) {
    expect(stderr).toBe('');
    for (const [name, value] of JSON.parse(stdout)) drawn.get(name)?.push(value);
  }
  for (const [name, values] of drawn) expect.soft(new Set(values).size, `${name}: ${values}`).toBe(calls.length);
  expect(w.servers().length).toBe(1);
});

test('Math.random looks like Math.random, and is spread evenly', async () => {
  const w = workspace();
  const script = w.script(
    'spread.cjs',
    `process.preforkInterp?.initialisationComplete();
     const counts = new Array(10).fill(0); let outside = 0;
     for (let i = 0; i < 1e6; i += 1) { const x = Math.random(); if (!(x >= 0 && x < 1)) outside += 1; counts[Math.floor(x * 10)] += 1; }
     console.log(JSON.stringify({ outside, worst: Math.max(...counts.map((n) => Math.abs(n - 1e5))), name: Math.random.name, length: Math.random.length,
       keys: Object.keys(Math).length, shown: JSON.stringify(Object.getOwnPropertyDescriptor(Math, 'random')) }));`,
  );
  const warm = JSON.parse((await w.run(script)).stdout);
  const plain = JSON.parse((await w.plain(script)).stdout);
  // Standard deviation of each count: 300. Seven of them come by chance once in 10^11 runs.
  expect(warm.worst).toBeLessThan(2100);
  expect({ ...warm, worst: 0 }).toEqual({ ...plain, worst: 0 });
});
