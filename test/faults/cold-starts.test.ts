/** Many first calls, of which most go wrong, one way or another: nothing of ours is left when they are over. */
import { mkdirSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EVENTS_FILE, FORMER_EVENTS_FILE } from '../../src/server/event-log.js';
import { prepareColdStarts } from '../support/cold-start.js';
import { control } from '../support/preforkctl.js';
import { descriptorsOf, processes, processOf } from '../support/processes.js';
import { atRest } from '../support/served.js';
import { until } from '../support/until.js';
import { coldStart, WAYS_TO_START } from '../support/ways-to-start.js';
import { type Workspace, workspace } from '../support/workspace.js';

/** As many as there is time for; a thousand take two minutes. */
const COUNT = Number(process.env['PREFORK_TEST_COLD_STARTS'] ?? 150);
/** What is drawn is the same each time; another one can be asked for. */
const SEED = Number(process.env['PREFORK_TEST_SEED'] ?? 1);
const AT_ONCE = 4;
/** A start takes 100 ms and more, and its end some more; on a machine that is busy with something else, many times that. */
const LIMIT_MS = 120_000 + COUNT * 4_000;

/** Numbers below `bound`, in an order that looks like none (a linear congruential generator, whose lower bits are not used). */
function drawer(seed: number): (bound: number) => number {
  let state = BigInt(seed);
  return (bound) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & (2n ** 64n - 1n);
    return Number((state >> 33n) % BigInt(bound));
  };
}

/** Each way as often as each other, but for one, shuffled. */
function schedule(): string[] {
  const draw = drawer(SEED);
  const ways = Array.from({ length: COUNT }, (_, at) => WAYS_TO_START[at % WAYS_TO_START.length] as string);
  for (let at = ways.length - 1; at > 0; at--) {
    const other = draw(at + 1);
    [ways[at], ways[other]] = [ways[other] as string, ways[at] as string];
  }
  return ways;
}

/** A server that was there before, and what it has. */
class Bystander {
  readonly #script: string;
  #pid = 0;
  #descriptors = 0;

  constructor(readonly w: Workspace) {
    const ready = 'process.preforkInterp?.initialisationComplete();';
    const source = `${ready} console.log(process.ppid); const [how] = process.argv.slice(2);
      if (how === 'stays') setInterval(() => {}, 1000);
      else if (how?.startsWith('SIG')) process.kill(process.pid, how);
      else process.exitCode = Number(how);`;
    this.#script = w.script('bystander.cjs', source, { options: '-U,-g,bystander' });
  }

  /** Called until it does nothing more on its own account. */
  async begin(): Promise<void> {
    for (const _ of [1, 2, 3]) {
      const outcome = await this.w.run(this.#script, ['7']);
      expect(outcome).toMatchObject({ status: 7, stderr: '' });
      this.#pid = Number(outcome.stdout);
      await atRest(this.#pid);
    }
    this.#descriptors = descriptorsOf(this.#pid).size;
  }

  /** A call that goes wrong, of one kind or another; and each second time, before it, the executor that waits for it is killed. */
  async fail(turn: number): Promise<void> {
    // Preclean ends the least recently used; use is noted once an hour.
    const now = new Date();
    utimesSync(join(this.w.runDirectory, 'l2.bystander'), now, now);
    const [spare] = processes().filter(
      ({ parent, commandLine }) => parent === this.#pid && commandLine.startsWith('prefork-interp: spare'),
    );
    if (spare && turn % 2 === 0) process.kill(spare.pid, 'SIGKILL');
    const how = ['SIGKILL', '9', 'stays', 'SIGABRT'][turn % 4] as string;
    const call = this.w.start(this.#script, [how]);
    await call.line();
    if (how === 'stays') call.kill('SIGKILL');
    const { status, signal } = await call.outcome;
    expect(signal ?? `${status}`).toBe(how === 'stays' ? 'SIGKILL' : how);
  }

  async expectUnharmed(): Promise<void> {
    expect(await this.w.run(this.#script, ['42'])).toMatchObject({ status: 42, stdout: `${this.#pid}\n`, stderr: '' });
    await atRest(this.#pid);
    expect(descriptorsOf(this.#pid).size, 'descriptors of a server that was there').toBe(this.#descriptors);
  }
}

/** What has ended, and was not waited for by whoever of ours is its parent. */
function zombies(w: Workspace): string[] {
  const parents = new Set([process.pid, ...w.processes().map(({ pid }) => pid)]);
  return processes()
    .filter(({ pid, state, parent }) => state === 'Z' && parents.has(parent) && processOf(pid)?.state === 'Z')
    .map(({ pid, parent }) => `${pid} of ${parent} ${processOf(parent)?.commandLine}`);
}

test(`${COUNT} first calls of which most go wrong: no process, descriptor, file or zombie is left`, {
  timeout: LIMIT_MS,
}, async () => {
  const w = workspace();
  // Where programs put what is temporary.
  const temporary = w.path('t');
  mkdirSync(temporary);
  w.env['TMPDIR'] = temporary;
  prepareColdStarts(w);
  const bystander = new Bystander(w);
  await bystander.begin();
  const before = readdirSync(w.directory).sort();

  const ways = [...schedule().entries()];
  const work = async () => {
    for (let next = ways.shift(); next; next = ways.shift()) {
      const [number, way] = next;
      await coldStart(w, number, way).catch((cause: Error) => {
        throw new Error(`first call ${number} of seed ${SEED}, ${way}: ${cause.message}`, { cause });
      });
      if (number % 10 === 0) await bystander.fail(number / 10);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));

  await until('no zombie is left', () => zombies(w).length === 0).catch((error: Error) => {
    throw new Error(`${error.message}: ${zombies(w).join('; ')}`);
  });
  await bystander.expectUnharmed();
  const stopped = await control(w, ['stop', '--all', '--wait', '30']);
  expect(stopped).toMatchObject({ status: 0, stderr: '' });
  expect(w.rendezvous()).toEqual([]);
  const kept = (name: string) => name.startsWith('code.') || [EVENTS_FILE, FORMER_EVENTS_FILE].includes(name);
  expect(readdirSync(w.runDirectory).filter((name) => !kept(name))).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
  const others = readdirSync(w.directory).filter((name) => /^r\d+$/.test(name));
  for (const other of others) rmSync(w.path(other), { recursive: true });
  await w.empty();
  expect(zombies(w)).toEqual([]);
  expect(readdirSync(w.directory).sort()).toEqual(before);
});
