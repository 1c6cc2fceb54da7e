/** A server that something is done to, which must not harm it. */
import { expect } from 'vitest';
import { descriptorsOf, processes, processOf } from './processes.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';

/** A script with a server, which was called until it does nothing more on its own account. `interpreter`: another than node. */
export async function serve(w: Workspace, interpreter?: string): Promise<{ script: string; server: number }> {
  const script = w.fixture('number.cjs', interpreter === undefined ? {} : { interpreter });
  // After the second call it watches its files. Each finds an executor that waits, or more of them would wait from then on.
  for (const status of [1, 2, 3]) {
    expect(await w.run(script, [String(status)])).toMatchObject({ status, stderr: '' });
    await atRest(w.server().pid);
  }
  return { script, server: w.server().pid };
}

/** It has reaped all executors, has one that waits for a call, and sleeps: so it has also closed what was theirs. */
export async function atRest(server: number): Promise<void> {
  const waitsOnly = () => {
    const [one, ...others] = processes().filter(({ parent }) => parent === server);
    return one?.commandLine.startsWith('prefork-interp: spare') && others.length === 0;
  };
  await until('the server is at rest', () => waitsOnly() && processOf(server)?.state === 'S');
}

/** The server serves as before, and has nothing more than before. */
export async function expectUnharmed(w: Workspace, script: string, server: number, descriptors: number): Promise<void> {
  expect(await w.run(script, ['42'], { limitMs: 20_000 })).toMatchObject({ status: 42, stdout: '42\n', stderr: '' });
  expect(w.server().pid, 'the same server').toBe(server);
  await atRest(server);
  expect(descriptorsOf(server).size, 'descriptors of the server').toBe(descriptors);
}
