/** What initialisation has itself made of what it has seen. */
import { realpathSync } from 'node:fs';
import module from 'node:module';
import { basename, dirname, join, normalize } from 'node:path';
import { look } from '../server/ways.js';
import type { Recording } from './recording.js';

/** Not files but views of the kernel's, different whenever they are read. What is in /dev/shm, programs have put there. */
const KERNELS = /^\/(?:proc|sys|dev(?!\/shm\/))(?:\/|$)/;

/** How a path stands to what the process has made, written, removed or changed. */
export type Standing =
  /** It is just that. */
  | 'made'
  /** It lies below it. */
  | 'touched'
  /** At or below a directory whose name nobody could know before. */
  | 'temporary'
  /** Of the kernel, or a cache whose content follows from the program. */
  | 'never'
  | 'foreign';

/** By real paths, as one may be reached by several. Those of directories are kept: they are the same again and again. */
export class OwnPaths {
  readonly #real = new Map<string, string>();
  readonly #standing = new Map<string, Standing>([['/', 'foreign']]);

  /** `never`: further directories of which nothing counts. */
  constructor({ made, temporary }: Recording, never: readonly (string | undefined)[]) {
    for (const path of made) this.#standing.set(this.#find(path), 'made');
    for (const path of temporary) this.#standing.set(this.#find(path), 'temporary');
    const { getCompileCacheDir } = module as { getCompileCacheDir?: () => string | undefined };
    for (const path of [...never, getCompileCacheDir?.()]) {
      if (path !== undefined) this.#standing.set(this.#find(path), 'never');
    }
  }

  /** `follow`: of what a link there leads to. */
  standing(path: string, follow = true): Standing {
    const real = follow ? this.#directory(path) : this.#find(path);
    return KERNELS.test(real) ? 'never' : this.#of(real);
  }

  #of(real: string): Standing {
    let standing = this.#standing.get(real);
    if (standing === undefined) {
      const above = this.#of(dirname(real));
      standing = above === 'made' ? 'touched' : above;
      this.#standing.set(real, standing);
    }
    return standing;
  }

  /** The path by which the kernel would find it, but for a link at its end. */
  #find(path: string): string {
    // What is behind `..`, only the kernel can tell, and it can do so only where something is.
    const name = basename(path);
    if (name === '..' || name === '.') return this.#directory(path);
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
    const isUpward = name === '..' || name === '.';
    const plain = isUpward ? normalize(path) : join(this.#directory(dirname(path)), name);
    if (!isUpward && !look(plain)?.isSymbolicLink()) return plain;
    try {
      return realpathSync.native(path);
    } catch {
      // Nothing is there, or no longer.
      return plain;
    }
  }
}
