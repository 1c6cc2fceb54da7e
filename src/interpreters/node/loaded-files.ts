/**
 * Which files initialisation was loaded from. Node lists CommonJS modules (the require cache) but no others. Where the adapter runs
 * before the script, the opening of files is observed; where the library came later, the debugger knows all scripts that are
 * loaded, at the price of 0.1 s for a large program.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(__filename);

/** What can be a module or describe one. Other files that a script reads are data, and its own business. */
const MODULE = /\.([cm]?[jt]sx?|json|node|wasm)$/;
/** O_WRONLY and O_RDWR of open(2): a file that is opened to be written is not one that is loaded. */
const WRITING = 0o3;

/** The functions of Node's binding by which its loaders open a file: (path, flags, ..). Measured on 18, 20, 22 and 24. */
const OPENERS = ['open', 'openFileHandle', 'readFileUtf8'] as const;
type Opener = (path: unknown, flags: unknown, ...rest: unknown[]) => unknown;
type Binding = Partial<Record<(typeof OPENERS)[number], Opener>>;

let observed: Set<string> | undefined;
let stopObserving = () => {};

/** From now on, what is opened is noted. To be called before the script is loaded. */
export function observeLoading(): void {
  const binding = fileBinding();
  const seen = new Set<string>();
  const originals: [(typeof OPENERS)[number], Opener][] = [];
  for (const name of OPENERS) {
    const original = binding[name];
    if (!original) continue;
    originals.push([name, original]);
    binding[name] = function (this: unknown, path, flags, ...rest) {
      if (typeof path === 'string' && !(Number(flags) & WRITING)) seen.add(path);
      return Reflect.apply(original, this, [path, flags, ...rest]);
    };
  }
  observed = seen;
  stopObserving = () => {
    for (const [name, original] of originals) binding[name] = original;
  };
}

/** Node's own functions for files. `process.binding` is deprecated, and under NODE_PENDING_DEPRECATION would say so to the caller. */
function fileBinding(): Binding {
  const { noDeprecation } = process;
  process.noDeprecation = true;
  try {
    return (process as unknown as { binding(name: 'fs'): Binding }).binding('fs');
  } finally {
    if (noDeprecation === undefined) Reflect.deleteProperty(process, 'noDeprecation');
    else process.noDeprecation = noDeprecation;
  }
}

/** The files that make up this process: interpreter, script, modules. Ends the observation. */
export function loadedFiles(): Set<string> {
  stopObserving();
  const files = new Set([process.execPath, ...Object.keys(require.cache)]);
  if (process.argv[1] !== undefined) files.add(process.argv[1]);
  for (const path of observed ?? scriptsOfDebugger()) if (path.startsWith('/') && MODULE.test(path)) files.add(path);
  return files;
}

/** The paths of all scripts that V8 holds, by a short session with the debugger. */
function scriptsOfDebugger(): string[] {
  const paths: string[] = [];
  if (!process.features.inspector) return paths;
  const { Session } = require('node:inspector') as typeof import('node:inspector');
  const session = new Session();
  session.connect();
  session.on('Debugger.scriptParsed', ({ params: { url } }) => {
    if (url.startsWith('file:')) paths.push(fileURLToPath(url));
  });
  session.post('Debugger.enable');
  session.post('Debugger.disable');
  session.disconnect();
  return paths;
}
