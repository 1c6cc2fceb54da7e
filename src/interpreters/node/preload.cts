/** dist/adapter.cjs: what the client adds to node's arguments. */
import path = require('node:path');
import threads = require('node:worker_threads');
import handover = require('../../setup/handover.js');
import keptCode = require('./kept-code.js');

type Runtime = typeof import('../../runtime.cjs');

/** Undefined where this is not setup, or something is wrong, which the library itself will find. */
function runDirectory(): string | undefined {
  const value = process.env[handover.HANDOVER_VARIABLE];
  if (value === undefined || !threads.isMainThread) return undefined;
  try {
    const { socket } = handover.parseHandover(value);
    return socket === undefined ? undefined : path.dirname(socket);
  } catch {
    return undefined;
  }
}

const directory = runDirectory();
const library = path.join(__dirname, 'runtime.cjs');
if (directory !== undefined) keptCode.loadWithKeptCode(library, directory);
const runtime: Runtime = require(library);
runtime.adapt(__filename);
