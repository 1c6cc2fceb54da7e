import { type BigIntStats, lstatSync, statSync } from 'node:fs';

/** stat(2), or lstat(2) for what matters as a link. */
type Stat = (path: string, options: { bigint: true }) => BigIntStats;

interface Dependency {
  readonly path: string;
  readonly stat: Stat;
  /** What the file was when initialisation was complete; undefined where it could not be looked at. */
  readonly before: BigIntStats | undefined;
}

/**
 * Whether what a server was made from is still what lies on disk.
 *
 * As in the released system, a file whose modification time is later than the stamp (the socket's, made just before
 * setup started) makes the server stale. A file may also be replaced by an older one, so the server is stale as well when a
 * file is no longer the one that it was at the end of initialisation, or a symbolic link on the way to one.
 */
export class Staleness {
  readonly #stampNs: bigint | undefined;
  readonly #dependencies: Dependency[];

  constructor(files: Iterable<string>, stampNs: bigint | undefined, links: Iterable<string> = []) {
    this.#stampNs = stampNs;
    const depend = (paths: Iterable<string>, stat: Stat) =>
      [...new Set(paths)].map((path) => ({ path, stat, before: look(path, stat) }));
    this.#dependencies = [...depend(files, statSync), ...depend(links, lstatSync)];
  }

  /** The first path found changed, with what changed; undefined where nothing did. One stat(2) a file. */
  findChange(): string | undefined {
    for (const { path, stat, before } of this.#dependencies) {
      const now = look(path, stat);
      if (!before || !now) {
        if (before !== now) return `${path} ${now ? 'has appeared' : 'is gone'}`;
      } else if (this.#stampNs !== undefined && now.mtimeNs > this.#stampNs) {
        return `${path} is newer than the server`;
      } else if (!sameFile(before, now)) {
        return `${path} is not the file that it was`;
      }
    }
    return undefined;
  }
}

function look(path: string, stat: Stat): BigIntStats | undefined {
  try {
    return stat(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function sameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.size === b.size && a.ino === b.ino && a.dev === b.dev;
}
