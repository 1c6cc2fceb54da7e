/** Servers and memory: what is given up when there is too little, and that every call is served all the same. */
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { EventRecord } from '../../src/server/event-log.js';
import { limitedGroup } from '../support/control-group.js';
import { controlJson, listedOne } from '../support/preforkctl.js';
import { processes } from '../support/processes.js';
import { until } from '../support/until.js';
import { type Workspace, workspace } from '../support/workspace.js';

function scriptWith(w: Workspace, options: object): string {
  const source = `process.preforkInterp?.initialisationComplete(${JSON.stringify(options)}); process.exit(Number(process.argv[2]));`;
  return w.script('s.cjs', source);
}

/** With this much wanted the machine has less than that and more than half of it, whatever else it does meanwhile. */
function scarce(): number {
  const available = Number(/^MemAvailable: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1]);
  return Math.round((available / 1024) * 1.5);
}

test('while the machine is short of memory the server stays, and keeps nobody waiting', async () => {
  const w = workspace();
  const script = scriptWith(w, { minAvailableMb: scarce() });
  for (const status of [1, 2, 3]) {
    expect(await w.run(script, [`${status}`])).toMatchObject({ status, stderr: '' });
    expect(await listedOne(w)).toMatchObject({ state: 'serving', calls: status, spares: 0, stale: false });
  }
  const server = w.server().pid;
  await until('all executors have ended', () => !processes().some(({ parent }) => parent === server));
});

test.each([
  ['the machine has almost none', { minAvailableMb: 1e9 }, /^the server retires: memory is short: \d+ MB are left$/],
  ['it has grown too large', { maxMemoryMb: 1 }, /^the server retires: it has grown to \d+ MB, more than maxMemoryMb$/],
])('a server goes when %s, with its call served', async (_, options, message) => {
  const w = workspace();
  const script = scriptWith(w, options);
  for (const status of [4, 5]) {
    expect(await w.run(script, [`${status}`])).toMatchObject({ status, stderr: '' });
    await w.empty();
  }
  const told = (await controlJson<EventRecord[]>(w, ['logs'])).filter(({ message }) => message.includes('retires'));
  expect(told).toHaveLength(2);
  for (const { message: said } of told) expect(said).toMatch(message);
});

test('limits that are not met change nothing', async () => {
  const w = workspace();
  const script = scriptWith(w, { minAvailableMb: 1, maxMemoryMb: 100_000 });
  for (const status of [1, 2]) expect(await w.run(script, [`${status}`])).toMatchObject({ status, stderr: '' });
  await until('one waits for the next call', async () => (await listedOne(w)).spares === 1);
  expect(w.servers()).toHaveLength(1);
});

const GROUP_MB = 400;
const canLimit = (() => {
  const group = limitedGroup(GROUP_MB * 2 ** 20);
  group?.remove();
  return group !== undefined;
})();

/** Whatever the machine has: a little more than twice as much as the group has is wanted. */
test.skipIf(!canLimit)(
  'a server whose control group is short of memory goes, however much the machine has',
  async () => {
    const group = limitedGroup(GROUP_MB * 2 ** 20);
    if (!group) throw new Error('a control group could be made before, and cannot be now');
    // Before the workspace is made, so that it is done when everything in that has ended.
    onTestFinished(() => group.remove());
    const w = workspace();
    const script = scriptWith(w, { minAvailableMb: GROUP_MB * 2.1 });
    const called = await w.shell('echo $$ >"$1" && exec "$2" 3', [group.processes, script]);
    expect(called).toMatchObject({ status: 3, stderr: '' });
    await w.empty();
    const [told] = (await controlJson<EventRecord[]>(w, ['logs'])).filter(({ message }) => message.includes('retires'));
    expect(told?.message).toMatch(/memory is short: \d+ MB are left/);
    expect(Number(/\d+/.exec(told?.message ?? '')?.[0])).toBeLessThan(GROUP_MB);
  },
);
