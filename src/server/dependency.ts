import { type BigIntStats, lstatSync, statSync } from 'node:fs';

/** stat(2), or lstat(2) for what matters as a link. */
type Stat = (path: string, options: { bigint: true; throwIfNoEntry: false }) => BigIntStats | undefined;

/** What tells a file, in the state that it is in, from all others, as far as stat(2) does. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>;

/** A file that a server was made from, or a symbolic link, or a place where none was. */
export class Dependency {
  readonly path: string;
  /** Whether it is what a link leads to that counts, not the link. */
  readonly follow: boolean;
  /** What the file was when it was read; undefined where there was none, or it could not be looked at. */
  readonly #before: FileIdentity | undefined;

  private constructor(path: string, follow: boolean, before: FileIdentity | undefined) {
    this.path = path;
    this.follow = follow;
    this.#before = before;
  }

  /** What is at `path` now. */
  static onFile(path: string): Dependency {
    return new Dependency(path, true, look(path, true));
  }

  /** The symbolic link that is there now. */
  static onLink(path: string): Dependency {
    return new Dependency(path, false, look(path, false));
  }

  /** The file that was at `path` when it was read. */
  static onRead(path: string, identity: FileIdentity): Dependency {
    return new Dependency(path, true, identity);
  }

  /** That nothing was at `path`. */
  static onAbsence(path: string): Dependency {
    return new Dependency(path, true, undefined);
  }

  /** Whether it is that nothing was there. */
  get isAbsence(): boolean {
    return this.#before === undefined;
  }

  /** What stat(2) says that has changed; undefined for nothing. `stampNs`: when a file must not have been modified later. */
  findChange(stampNs: bigint | undefined): string | undefined {
    const before = this.#before;
    const now = look(this.path, this.follow);
    if (!before || !now) return before === now ? undefined : `${this.path} ${now ? 'has appeared' : 'is gone'}`;
    if (stampNs !== undefined && now.mtimeNs > stampNs) return `${this.path} is newer than the server`;
    return sameFile(before, now) ? undefined : `${this.path} is not the file that it was`;
  }
}

function look(path: string, follow: boolean): BigIntStats | undefined {
  const stat: Stat = follow ? statSync : lstatSync;
  try {
    return stat(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    // EACCES, ELOOP: it cannot be loaded either.
    return undefined;
  }
}

function sameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.size === b.size && a.ino === b.ino && a.dev === b.dev;
}
