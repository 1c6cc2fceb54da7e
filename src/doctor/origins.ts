/** Where in the script's code something was done. */
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Origin } from './report.js';

/** This library's own files. */
const LIBRARY = dirname(__filename) + sep;
/** Of each stack: more than that is of no help. */
const MOST_FRAMES = 8;
/** Of one thing: the rest is only counted with the last. */
const MOST_PLACES = 20;
/** How deep Node's own functions may lie above the script's. */
const LOOK_AT_FRAMES = 50;

/**
 * Node's own business, though a function of the script's lies below: the loading of modules, the next tick, what is handed on to a worker thread; the
 * console, which asks for colours for each line and remembers nothing.
 */
const NODES_OWN = /^node:internal\/(modules|process|console|bootstrap|main|worker)(\/|$)/;

/** How often something was done, by place. */
export class Origins {
  readonly #places = new Map<string, { stack: readonly string[]; count: number }>();

  /** Notes that it is being done now. False where it is Node that does it, on its own account. */
  note(): boolean {
    const stack = callersStack();
    if (!stack) return false;
    this.add(stack);
    return true;
  }

  add(stack: readonly string[]): void {
    const key = this.#places.size < MOST_PLACES ? stack.join('\n') : [...this.#places.keys()].pop();
    const place = this.#places.get(key as string);
    if (place) place.count += 1;
    else this.#places.set(key as string, { stack, count: 1 });
  }

  /** The most frequent first. */
  list(): Origin[] {
    return [...this.#places.values()].sort((a, b) => b.count - a.count);
  }
}

/** The script's functions that are being executed, the innermost first; undefined where there are none, or it is Node that does it on its own account. */
export function callersStack(): string[] | undefined {
  const sites = callSites();
  const own = sites.findIndex((site) => isScripts(site.getFileName()));
  return sites.slice(0, own).some((site) => NODES_OWN.test(site.getFileName() ?? '')) ? undefined : stackOf(sites);
}

/** The same, whoever does it. */
export function scriptsStack(): string[] | undefined {
  return stackOf(callSites());
}

function stackOf(sites: readonly NodeJS.CallSite[]): string[] | undefined {
  const scripts = sites.filter((site) => isScripts(site.getFileName()));
  return scripts.length > 0 ? scripts.slice(0, MOST_FRAMES).map(describe) : undefined;
}

function isScripts(file: string | null | undefined): boolean {
  return typeof file === 'string' && file !== '' && !file.startsWith('node:') && !file.startsWith(LIBRARY);
}

/** V8's list of them, whatever the script has made of stacks. */
function callSites(): NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = LOOK_AT_FRAMES;
    Error.prepareStackTrace = (_error, sites) => sites;
    const sites: unknown = new Error().stack;
    return Array.isArray(sites) ? sites : [];
  } catch {
    // Error is frozen.
    return [];
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
    if (prepareStackTrace) Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
    else Reflect.deleteProperty(Error, 'prepareStackTrace');
  }
}

/** Of a module its path; of what a script has given any name (node:vm), that name. */
function pathOf(name: string): string {
  try {
    return name.startsWith('file:') ? fileURLToPath(name) : name;
  } catch {
    return name;
  }
}

function describe(site: NodeJS.CallSite): string {
  const file = pathOf(site.getFileName() as string);
  const place = `${file}:${site.getLineNumber()}:${site.getColumnNumber()}`;
  const functionName = site.getFunctionName();
  return functionName ? `${functionName} (${place})` : place;
}
