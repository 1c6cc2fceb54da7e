/** `preforkctl`, as it is built. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ServerView } from '../../src/control/servers.js';
import { NODE, ROOT } from './paths.js';
import type { Outcome, StartOptions } from './running.js';
import type { Workspace } from './workspace.js';

export const PREFORKCTL = join(ROOT, 'dist/preforkctl.js');

export function control(w: Workspace, words: readonly string[], options?: StartOptions): Promise<Outcome> {
  return w.run(NODE, [PREFORKCTL, ...words], options);
}

/** What a command with --json says, if it exits with `status`. */
export async function controlJson<T>(w: Workspace, words: readonly string[], status = 0): Promise<T> {
  const outcome = await control(w, [...words, '--json']);
  expect(outcome, outcome.stderr).toMatchObject({ status, stderr: '' });
  return JSON.parse(outcome.stdout) as T;
}

export function listed(w: Workspace): Promise<ServerView[]> {
  return controlJson(w, ['list']);
}

/** The one server in the list. */
export async function listedOne(w: Workspace): Promise<ServerView> {
  const [one, ...others] = await listed(w);
  if (!one || others.length > 0) throw new Error(`one server expected, not ${JSON.stringify([one, ...others])}`);
  return one;
}
