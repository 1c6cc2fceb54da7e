import { constants, PerformanceObserver } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Garbage } from '../../src/server/garbage.js';
import { until } from '../support/until.js';

const { NODE_PERFORMANCE_GC_MAJOR: MAJOR, NODE_PERFORMANCE_GC_MINOR: MINOR } = constants;

let kinds: unknown[];
let observer: PerformanceObserver;

beforeEach(() => {
  kinds = [];
  observer = new PerformanceObserver((list) => {
    const entries = list.getEntries() as unknown as readonly { readonly detail: { readonly kind: number } }[];
    for (const { detail } of entries) kinds.push(detail.kind);
  });
  observer.observe({ entryTypes: ['gc'] });
});
afterEach(() => observer.disconnect());

test.each(['collectInitial', 'collectAll'] as const)('%s collects what is old, too', async (collect) => {
  const garbage = new Garbage();
  kinds.length = 0;
  garbage[collect]();
  await until('it is told', () => kinds.includes(MAJOR));
});

test('what has come since is collected where there is much of it, and what is young alone where there is little', async () => {
  const garbage = new Garbage();
  garbage.collectAll();
  const kept = Array.from({ length: 200_000 }, (_, at) => [at]);
  garbage.collectAll();
  await until('it is told', () => kinds.includes(MAJOR));
  kinds.length = 0;
  kept.length = 0;
  for (let at = 0; at < 400_000; at += 1) kept.push([at]);
  garbage.collectNew();
  await until('it is told', () => kinds.includes(MAJOR));
  expect(kinds.length).toBeGreaterThan(0);
  kinds.length = 0;
  garbage.collectNew();
  const young = Array.from({ length: 30_000 }, (_, at) => ({ at }));
  garbage.collectNew();
  await until('it is told', () => kinds.includes(MINOR));
  expect(young.length).toBe(30_000);
});
