import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createRequire, Module } from 'node:module';
import { dirname, join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';
import { withFlags } from '../../v8-flags.js';

/** What names of such files begin with: with neither `l` nor `s`, so nobody takes them for a rendezvous. */
const PREFIX = 'code.';
/** One is needed for each version of this package and of Node that is in use, with the flags that it is given. The newest stay. */
const MAX_KEPT = 8;

/** CommonJS as Node gives it to a file of its own (Module.wrap). */
type Wrapper = (
  exports: unknown,
  require: NodeJS.Require,
  module: Module,
  fileName: string,
  directoryName: string,
) => void;

/**
 * Loads `file` as require() does, with the code that is kept for it in `directory`. Where there is none it is made and kept, which takes some 20 milliseconds once: not later, because whoever
 * removes the directory of a server must not find something in it that has just come.
 */
export function loadWithKeptCode(file: string, directory: string): void {
  const source = readFileSync(file, 'utf8');
  const script = compile(source, file, join(directory, nameFor(file)));
  const module = new Module(file);
  const { cache } = createRequire(file);
  cache[file] = module;
  try {
    module.filename = file;
    const run = script.runInThisContext() as Wrapper;
    run(module.exports, createRequire(file), module, file, dirname(file));
    module.loaded = true;
  } catch (error) {
    delete cache[file];
    throw error;
  }
}

/** V8 itself looks whether the code is of its own version and flags, and of a source as long as this one. */
function nameFor(file: string): string {
  const { dev, ino, size, mtimeNs } = statSync(file, { bigint: true });
  const words = [BigInt(cachedDataVersionTag()), dev, ino, size, mtimeNs];
  return PREFIX + words.map((word) => word.toString(36)).join('-');
}

function compile(source: string, filename: string, path: string): Script {
  const wrapped = Module.wrap(source);
  let cachedData: Buffer | undefined;
  try {
    cachedData = readFileSync(path);
  } catch {
    // ENOENT, usually.
  }
  if (cachedData) {
    const script = new Script(wrapped, { filename, cachedData });
    // Not made anew at once: V8 now has this script as it is without, and would give it again. The next process finds none.
    if (script.cachedDataRejected) rmSync(path, { force: true });
    return script;
  }
  // All of it, and not each function when it is first called: those that only executors call would be compiled in each of them.
  const script = withFlags(['--no-lazy'], () => new Script(wrapped, { filename }));
  try {
    keep(script.createCachedData(), path);
  } catch {
    // ENOSPC, EROFS ..: the next process will compile it, too.
  }
  return script;
}

function keep(code: Buffer, path: string): void {
  const temporary = `${path}.${process.pid}`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      let written = 0;
      while (written < code.length) written += writeSync(descriptor, code, written);
      // Before it has its name: what a crash of the machine leaves of it is not code.
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  removeOldest(dirname(path));
}

function removeOldest(directory: string): void {
  const paths = readdirSync(directory)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(directory, name));
  const ages = new Map(paths.map((path) => [path, statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0]));
  paths.sort((a, b) => (ages.get(b) ?? 0) - (ages.get(a) ?? 0));
  for (const path of paths.slice(MAX_KEPT)) rmSync(path, { force: true });
}
