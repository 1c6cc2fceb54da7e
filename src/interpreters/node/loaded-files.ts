/**
 * Which files initialisation was loaded from. Node lists CommonJS modules (the require cache) but no others. Where the adapter runs
 * before the script, the opening of files is observed; where the library came later, the debugger knows all scripts that are
 * loaded, at the price of 0.1 s for a large program.
 */
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unwarned } from './unwarned.js';

const require = createRequire(__filename);

/** What can be a module or describe one. Other files that a script reads are data, and its own business. */
const MODULE = /\.([cm]?[jt]sx?|json|node|wasm)$/;
/** O_WRONLY and O_RDWR of open(2): a file that is opened to be written is not one that is loaded. */
const WRITING = 0o3;

/**
 * The functions of Node's binding by which its loaders open a file (path, flags, ..), and find that a part of its path is a symbolic link
 * (path, ..). Measured on 18, 20, 22 and 24.
 */
const OBSERVED = ['open', 'openFileHandle', 'readFileUtf8', 'readlink'] as const;
type Observed = (typeof OBSERVED)[number];
type Reader = (path: unknown, flags: unknown, ...rest: unknown[]) => unknown;
type Binding = Partial<Record<Observed, Reader>>;

/** What a process was made from. */
export interface Loaded {
  /** Interpreter, script, modules, and what describes them. */
  readonly files: Set<string>;
  /** Symbolic links by which they were found: when one leads elsewhere, the program is another, though no file has changed. */
  readonly links: ReadonlySet<string>;
}

let observed: { readonly files: Set<string>; readonly links: Set<string> } | undefined;
let stopObserving = () => {};

/** From now on, what is opened is noted. To be called before the script is loaded. */
export function observeLoading(): void {
  const binding = fileBinding();
  const files = new Set<string>();
  const links = new Set<string>();
  const originals: [Observed, Reader][] = [];
  for (const name of OBSERVED) {
    const original = binding[name];
    if (!original) continue;
    originals.push([name, original]);
    binding[name] = function (this: unknown, path, flags, ...rest) {
      if (typeof path === 'string') {
        if (name === 'readlink') links.add(path);
        else if (!(Number(flags) & WRITING)) files.add(path);
      }
      return Reflect.apply(original, this, [path, flags, ...rest]);
    };
  }
  observed = { files, links };
  stopObserving = () => {
    for (const [name, original] of originals) binding[name] = original;
  };
}

/** Node's own functions for files. */
function fileBinding(): Binding {
  return unwarned(() => (process as unknown as { binding(name: 'fs'): Binding }).binding('fs'));
}

/** What this process was made from until now. Ends the observation. */
export function loadedFiles(): Loaded {
  stopObserving();
  const files = new Set([process.execPath, ...Object.keys(require.cache)]);
  if (process.argv[1] !== undefined) files.add(process.argv[1]);
  for (const path of observed?.files ?? scriptsOfDebugger()) {
    if (path.startsWith('/') && MODULE.test(path)) files.add(path);
  }
  const folders = foldersOf(files);
  // Node reads these in C++, so that it cannot be observed: they say which of a package's modules are meant, and of what kind they are.
  for (const folder of folders) {
    const description = join(folder, 'package.json');
    if (existsSync(description)) files.add(description);
  }
  const links = [...(observed?.links ?? [])].filter((link) => leadsTo(link, files, folders));
  return { files, links: new Set(links) };
}

/** The folders that the files are in, up to the root. */
function foldersOf(files: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const file of files) {
    for (let folder = dirname(file); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  }
  return folders;
}

/** Whether a link is on the way to something that was loaded. A script may read others, which are its own business. */
function leadsTo(link: string, files: ReadonlySet<string>, folders: ReadonlySet<string>): boolean {
  // Those of the kernel lead elsewhere for each process.
  if (link.startsWith('/proc/')) return false;
  try {
    const target = realpathSync(link);
    return files.has(target) || folders.has(target);
  } catch {
    return false;
  }
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
