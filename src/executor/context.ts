import * as native from '../native.js';
import type { CallContext } from './incoming.js';

/** Numbers of resources: the same on every architecture that Node runs on under Linux (asm-generic/resource.h). */
const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
const RESOURCES = 16;

/**
 * What the server has, and each executor has from it, where a call says nothing else. Limits are the caller's business and not the server's,
 * which serves others too: so it has none but the hard ones, and all processors.
 */
export class InheritedContext {
  readonly #nice = native.priority(0);
  readonly #affinity: Uint8Array;
  readonly #limits = new Map<number, bigint | null>();

  /** In the server: lets go of what it has from its first caller. */
  constructor() {
    for (let resource = 0; resource < RESOURCES; resource += 1) {
      // Whether a core is dumped is a matter of taste, and no limit to a server's work.
      if (resource !== RLIMIT_CORE) native.setSoftLimit(resource, native.hardLimit(resource));
      this.#limits.set(resource, native.softLimit(resource));
    }
    native.setAffinity(native.affinity().fill(0xff));
    this.#affinity = native.affinity();
  }

  /** In an executor: takes on what the call has and the server has not. Throws where that cannot be had. `relative`: so is the script's path, as given. */
  takeOn({ cwd, umask, nice, limits, affinity }: CallContext, relative: boolean): void {
    if (cwd !== null) changeDirectory(cwd, relative);
    if (umask !== null) process.umask(umask);
    if (nice !== null && nice !== this.#nice) native.setPriority(nice);
    if (affinity !== null && !sameProcessors(affinity, this.#affinity)) native.setAffinity(affinity);
    for (const { resource, soft } of limits) {
      // Node itself raises this one to the hard limit when it starts (PlatformInit in src/node.cc), for the script too.
      if (resource === RLIMIT_NOFILE || this.#limits.get(resource) === soft) continue;
      native.setSoftLimit(resource, soft);
    }
  }
}

/** Two sets may differ in how many processors they say "no" to. */
function sameProcessors(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) if ((a[at] ?? 0) !== (b[at] ?? 0)) return false;
  return true;
}

/** Up to this one Node asks for its directory as it starts, if the script's path is a relative one. (Measured on 18, 20, 22 and 24.) */
const LAST_TO_ASK_AT_START = 20;
const ASKS_AT_START = Number.parseInt(process.versions.node, 10) <= LAST_TO_ASK_AT_START;

/**
 * `process.cwd()` asks the kernel once, and again after `process.chdir()`. Nobody has asked since the server has gone to `/`. Where Node itself would have
 * asked by now, it knows the name of a directory that is removed later.
 */
function changeDirectory(cwd: number, relative: boolean): void {
  native.changeDirectory(cwd);
  native.close(cwd);
  if (!relative || !ASKS_AT_START) return;
  try {
    process.cwd();
  } catch {
    // ENOENT: it has no name, and who asks will be told so.
  }
}
