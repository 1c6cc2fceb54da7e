/** What initialisation has itself made of what it has seen. */
import { realpathSync } from 'node:fs';
import module from 'node:module';
import { basename, dirname, join, normalize } from 'node:path';
import { look } from '../server/ways.js';
import type { Recording } from './recording.js';

/** What the kernel shows, and what it leads to from there: /proc/self/cwd leads elsewhere for each process. */
const KERNELS = /^\/(?:proc|sys|dev(?!\/shm\/))\//;

/** How a path stands to what the process has made, written, removed or changed. */
export type Standing =
  /** It is just that. */
  | 'made'
  /** It lies below it. */
  | 'touched'
  /** At or below a directory whose name nobody could know before. */
  | 'temporary'
  /** A view of the kernel's, different whenever it is read, or a cache whose content follows from the program. */
  | 'never'
  | 'foreign';

/**
 * By real paths, as one may be reached by several. There are thousands of them in few directories, and nearly all have names that nothing has which was made: so what
 * is to be known of directories is kept, and most paths are not looked at themselves.
 */
export class OwnPaths {
  /** Real paths of directories. */
  readonly #real = new Map<string, string>();
  readonly #standing = new Map<string, Standing>([['/', 'foreign']]);
  /** Of what lies in a directory, by its path and not its real one, and has no name of {@link #names}. */
  readonly #inherited = new Map<string, Standing>();
  /** The last components of all that has a standing of its own. */
  readonly #names = new Set<string>();

  /** `never`: further directories of which nothing counts. */
  constructor({ made, temporary }: Recording, never: readonly (string | undefined)[]) {
    for (const path of made) this.#set(path, 'made');
    for (const path of temporary) this.#set(path, 'temporary');
    const { getCompileCacheDir } = module as { getCompileCacheDir?: () => string | undefined };
    for (const path of ['/proc', '/sys', '/dev', ...never, getCompileCacheDir?.()]) {
      if (path !== undefined) this.#set(path, 'never');
    }
    // Not the kernel's: what is there, programs have put there.
    this.#set('/dev/shm', 'foreign');
  }

  /** `follow`: of what a link there leads to. */
  standing(path: string, follow: boolean): Standing {
    if (KERNELS.test(path)) return 'never';
    if (follow) return this.#of(this.#directory(path));
    const end = path.lastIndexOf('/');
    const name = path.slice(end + 1);
    if (end <= 0 || isUpward(name) || this.#names.has(name)) return this.#of(this.#find(path));
    const above = path.slice(0, end);
    let inherited = this.#inherited.get(above);
    if (inherited === undefined) {
      inherited = below(this.#of(this.#directory(above)));
      this.#inherited.set(above, inherited);
    }
    return inherited;
  }

  #set(path: string, standing: Standing): void {
    const real = this.#find(path);
    this.#standing.set(real, standing);
    this.#names.add(basename(real));
  }

  #of(real: string): Standing {
    let standing = this.#standing.get(real);
    if (standing === undefined) {
      standing = below(this.#of(dirname(real)));
      this.#standing.set(real, standing);
    }
    return standing;
  }

  /** The path by which the kernel would find it, but for a link at its end. */
  #find(path: string): string {
    // What is behind `..`, only the kernel can tell, and it can do so only where something is.
    const name = basename(path);
    if (isUpward(name)) return this.#directory(path);
    return path === '/' ? path : join(this.#directory(dirname(path)), name);
  }

  #directory(path: string): string {
    let real = this.#real.get(path);
    if (real === undefined) {
      real = this.#resolve(path);
      this.#real.set(path, real);
    }
    return real;
  }

  #resolve(path: string): string {
    if (path === '/') return path;
    const name = basename(path);
    const plain = isUpward(name) ? normalize(path) : join(this.#directory(dirname(path)), name);
    if (!isUpward(name) && !look(plain)?.isSymbolicLink()) return plain;
    try {
      return realpathSync.native(path);
    } catch {
      // Nothing is there, or no longer.
      return plain;
    }
  }
}

/** Of what lies below what has this one. */
function below(standing: Standing): Standing {
  return standing === 'made' ? 'touched' : standing;
}

/** No name of anything, but a way up, or none (a slash at the end). */
function isUpward(name: string): boolean {
  return name === '..' || name === '.' || name === '';
}
