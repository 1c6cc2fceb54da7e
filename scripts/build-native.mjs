/** What is built on the machine where it is to run: needs make, a C++ compiler and python3 (for node-gyp). */
import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The client and its watcher, build/client/prefork-interp, and the recorder, build/recorder/prefork-interp-recorder.so. */
export function buildClient(root) {
  run('make', ['-C', join(root, 'native'), 'all'], root);
}

/** The addon: build/Release/prefork_interp.node. */
export function buildAddon(root) {
  run(process.execPath, [nodeGyp(), 'configure', 'build', '--loglevel=warn', ...headers()], root);
}

/** npm brings node-gyp with it and says to its scripts where; without npm it is looked for beside the npm on PATH. */
function nodeGyp() {
  const told = process.env.npm_config_node_gyp;
  if (told && existsSync(told)) return told;
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const npm = join(directory, 'npm');
    if (!existsSync(npm)) continue;
    const beside = join(dirname(realpathSync(npm)), '../node_modules/node-gyp/bin/node-gyp.js');
    if (existsSync(beside)) return beside;
  }
  throw new Error('node-gyp was not found: build with `npm run build`, or put npm on PATH');
}

/** The headers that this node was installed with, where it was; otherwise node-gyp downloads them. */
function headers() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

function run(command, args, cwd) {
  try {
    execFileSync(command, args, { cwd, stdio: 'inherit' });
  } catch (error) {
    const why = error.code === 'ENOENT' ? `${command} is not installed` : `it ended with status ${error.status}`;
    throw new Error(`${[command, ...args].join(' ')}: ${why}. Needed are make, a C++ compiler and python3.`);
  }
}
