import { type BigIntStats, lstatSync, statSync } from 'node:fs';

/** stat(2), or lstat(2) for what matters as a link. */
type Stat = (path: string, options: { bigint: true; throwIfNoEntry: false }) => BigIntStats | undefined;

/** A file that a server was made from, or a symbolic link. */
export class Dependency {
  readonly path: string;
  /** Whether it is what a link leads to that counts, not the link. */
  readonly follow: boolean;
  /** What the file was when initialisation was complete; undefined where it could not be looked at. */
  readonly #before: BigIntStats | undefined;

  constructor(path: string, follow: boolean) {
    this.path = path;
    this.follow = follow;
    this.#before = this.#look();
  }

  /** What stat(2) says that has changed; undefined for nothing. `stampNs`: when a file must not have been modified later. */
  findChange(stampNs: bigint | undefined): string | undefined {
    const before = this.#before;
    const now = this.#look();
    if (!before || !now) return before === now ? undefined : `${this.path} ${now ? 'has appeared' : 'is gone'}`;
    if (stampNs !== undefined && now.mtimeNs > stampNs) return `${this.path} is newer than the server`;
    return sameFile(before, now) ? undefined : `${this.path} is not the file that it was`;
  }

  #look(): BigIntStats | undefined {
    const stat: Stat = this.follow ? statSync : lstatSync;
    try {
      return stat(this.path, { bigint: true, throwIfNoEntry: false });
    } catch {
      // EACCES, ELOOP: it cannot be loaded either.
      return undefined;
    }
  }
}

function sameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.size === b.size && a.ino === b.ino && a.dev === b.dev;
}
