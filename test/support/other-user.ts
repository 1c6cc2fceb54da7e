/** Another user than the one who runs the tests, where that one is root; otherwise the same. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { succeedsIn } from './in-context.js';
import { CLIENT, NODE, ROOT } from './paths.js';
import type { Workspace } from './workspace.js';

/** No user of any system: nobody has given it anything. */
export const OTHER_USER = 54_321;
export const isRoot = process.getuid?.() === 0;

/** Options of test/native/in-context by which a command is an ordinary user's: nobody to whom the kernel lets everything pass. */
export const AS_ORDINARY_USER: readonly string[] = isRoot
  ? ['--groups', '', '--gid', String(OTHER_USER), '--uid', String(OTHER_USER)]
  : [];

/** Whether that user can run what is to be tested: a checkout in a private directory is not for others. */
export function canRunAsOrdinaryUser(): boolean {
  const command = ['test', '-x', CLIENT, '-a', '-x', NODE, '-a', '-r', join(ROOT, 'dist/adapter.cjs')];
  return succeedsIn(AS_ORDINARY_USER, command);
}

/** Lets the ordinary user into a workspace, and gives him its run directory, and a directory of his own. */
export function letInOrdinaryUser(w: Workspace): { own: string } {
  const own = w.path('own');
  mkdirSync(own);
  chmodSync(w.directory, 0o755);
  if (isRoot) for (const directory of [own, w.runDirectory]) chownSync(directory, OTHER_USER, OTHER_USER);
  return { own };
}
