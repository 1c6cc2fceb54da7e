/** Many first calls at the same moment, and clients that go at a bad one. */
import { expect, test } from 'vitest';
import { CLIENT } from '../support/paths.js';
import { until } from '../support/until.js';
import { V1Script } from '../support/v1-server.js';
import { workspace } from '../support/workspace.js';

const CALLERS = 32;

test(`${CALLERS} first calls at once start exactly one server`, async () => {
  const w = workspace();
  const s = new V1Script(w);
  const calls = Array.from({ length: CALLERS }, (_, i) => s.run(['exit', String(i)]));
  const outcomes = await Promise.all(calls);
  expect(outcomes.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
    Array.from({ length: CALLERS }, (_, status) => ({ status, stderr: '' })),
  );
  expect(s.setups()).toBe(1);
  expect(w.watchers()).toHaveLength(1);
});

test(`${CALLERS} first calls at once, while a setup is held up, start exactly one server`, async () => {
  const w = workspace();
  const s = new V1Script(w);
  const held = await s.hold();
  const running = Array.from({ length: CALLERS }, (_, i) => s.start(['exit', String(i)]));
  await s.setup();
  held.release();
  const statuses = await Promise.all(running.map(async ({ outcome }) => (await outcome).status));
  expect(statuses).toEqual(Array.from({ length: CALLERS }, (_, i) => i));
  expect(s.setups()).toBe(1);
});

test('calls of a server that is replaced again and again all get an answer of their own', async () => {
  const w = workspace();
  const s = new V1Script(w);
  const workers = Array.from({ length: 4 }, async (_, worker) => {
    for (let i = 0; i < 25; i++) {
      const status = worker * 25 + i;
      const options = worker === 0 ? ['-U', '-f'] : ['-U'];
      const outcome = await w.run(CLIENT, s.arguments(['exit', String(status)], options));
      expect(outcome).toMatchObject({ status, stderr: '' });
    }
  });
  await Promise.all(workers);
  expect(s.setups()).toBeGreaterThanOrEqual(25);
  await until('only the last watcher is left', () => w.watchers().length === 1);
});
