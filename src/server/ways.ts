import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';

/** As the kernel has it (path_resolution(7), ELOOP). */
const MAX_LINKS = 40;

/** Something that lies on the way of a path, or at its end. */
export interface Place {
  /** Without symbolic links, but for the place itself. */
  readonly path: string;
  /** lstat(2). */
  readonly stats: Stats;
}

/** Watches a place; undefined where that cannot be. What it gives else is passed on. */
export type Guard<P extends Place> = (place: Place) => P | undefined;

/**
 * Follows paths as the kernel does, component by component, and has each directory and each symbolic link on the way watched before it is
 * looked into. So whatever makes a path lead elsewhere, from that moment on, happens to something that is watched.
 *
 * Good for one pass over many paths: a directory that several of them go through is followed once.
 */
export class Ways<P extends Place> {
  readonly #guard: Guard<P>;
  /** By path, whether it has links in it or not. */
  readonly #directories = new Map<string, string | undefined>();

  constructor(guard: Guard<P>) {
    this.#guard = guard;
  }

  /** What `path` (absolute) leads to, watched as all on the way. `follow`: also where its last component is a link. Undefined where not all of it can be watched. `guard`: watches the end itself. */
  end(path: string, follow: boolean, guard: Guard<P> = this.#guard, links = 0): P | undefined {
    const directory = this.#directory(dirname(path), links);
    if (directory === undefined) return undefined;
    const name = basename(path);
    if (name === '' || name === '.') return this.#look(directory, guard);
    // No link is left in `directory`: what is above it is what its name says.
    if (name === '..') return this.#look(dirname(directory), guard);
    const place = this.#look(join(directory, name), guard);
    if (!place || !follow || !place.stats.isSymbolicLink()) return place;
    const target = links < MAX_LINKS ? readLink(place.path) : undefined;
    if (target === undefined) return undefined;
    return this.end(isAbsolute(target) ? target : `${directory}/${target}`, true, guard, links + 1);
  }

  /**
   * Has whatever makes something be at `path` (absolute), where nothing is, happen to something that is watched: to the last directory on the way,
   * where `expect` watches for the name that is missing, or to what is before it. False where not all of it can be watched.
   */
  absent(path: string, expect: (directory: string, name: string) => boolean, links = 0): boolean {
    const above = dirname(path);
    const name = basename(path);
    const directory = this.#directory(above, links);
    if (directory === undefined) return above !== path && this.absent(above, expect, links);
    if (name === '' || name === '.' || name === '..' || !expect(directory, name)) return false;
    const stats = look(join(directory, name));
    if (!stats) return true;
    const place = this.#guard({ path: join(directory, name), stats });
    // A directory, though there was none before: it has just come, or cannot be looked into.
    if (!place || stats.isDirectory()) return false;
    const target = stats.isSymbolicLink() ? readLink(place.path) : undefined;
    // A file in the place of a directory. Or a link, that leads nowhere.
    if (target === undefined) return !stats.isSymbolicLink();
    return links < MAX_LINKS && this.absent(isAbsolute(target) ? target : `${directory}/${target}`, expect, links + 1);
  }

  #directory(path: string, links: number): string | undefined {
    if (this.#directories.has(path)) return this.#directories.get(path);
    const place = path === '/' ? this.#look(path) : this.end(path, true, this.#guard, links);
    const directory = place?.stats.isDirectory() ? place.path : undefined;
    this.#directories.set(path, directory);
    return directory;
  }

  #look(path: string, guard: Guard<P> = this.#guard): P | undefined {
    const stats = look(path);
    return stats && guard({ path, stats });
  }
}

/** lstat(2); undefined where nothing is, or nothing can be seen. */
export function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // EACCES, ENAMETOOLONG: whatever is there, it is of no more use than nothing.
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // It is no link any more.
    return undefined;
  }
}
