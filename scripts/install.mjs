/**
 * npm's install step for the package: builds what has to be built on this machine, and puts the native client in the place of the
 * shell script that npm has linked as `prefork-interp`. In a checkout there is nothing to do: `prepare` builds everything.
 */
import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAddon, buildClient } from './build-native.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

if (!existsSync(join(root, 'asconfig.json'))) {
  buildClient(root);
  buildAddon(root);
  const linked = join(root, 'bin/prefork-interp');
  // Under another name first: the old one may be running.
  copyFileSync(join(root, 'build/client/prefork-interp'), `${linked}.new`);
  renameSync(`${linked}.new`, linked);
}
