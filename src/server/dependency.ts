import { type BigIntStats, constants, lstatSync, statSync } from 'node:fs';

/** stat(2), or lstat(2) for what matters as a link. */
type Stat = (path: string, options: { bigint: true; throwIfNoEntry: false }) => BigIntStats | undefined;

/** What tells a file, in the state that it is in, from all others, as far as stat(2) does. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>;

/**
 * For how long a file that is changed may keep the times of its last change: the tick of the clock that file systems go by is 1 to 10 milliseconds, and this twice the longest.
 */
const CLOCK_TICK_NS = 20_000_000n;

/** What of a path counts: all that tells a file, or only that something of its kind is there. */
type Counts = 'file' | 'presence';

/** A file that a server was made from, or a symbolic link, or a place where none was, or where something was. */
export class Dependency {
  readonly path: string;
  /** Whether it is what a link leads to that counts, not the link. */
  readonly follow: boolean;
  readonly #counts: Counts;
  /** What the file was when it was read; undefined where there was none, or it could not be looked at. */
  readonly #before: FileIdentity | undefined;
  /** Of what kind it was, as stat(2) has it; undefined where that does not count. */
  readonly #kind: bigint | undefined;
  /** Whether a change after the stamp counts though all else is the same. */
  readonly #stamped: boolean;

  private constructor(
    path: string,
    follow: boolean,
    before: FileIdentity | undefined,
    { counts = 'file', kind, stamped = true }: { counts?: Counts; kind?: bigint | undefined; stamped?: boolean } = {},
  ) {
    this.path = path;
    this.follow = follow;
    this.#counts = counts;
    this.#before = before;
    this.#kind = kind;
    this.#stamped = stamped;
  }

  /** What is at `path` now. */
  static onFile(path: string): Dependency {
    return new Dependency(path, true, look(path, true));
  }

  /** The symbolic link that is there now. */
  static onLink(path: string): Dependency {
    return new Dependency(path, false, look(path, false));
  }

  /** What this process has left at `path`: newer than the server, but made by it. */
  static onOwnFile(path: string): Dependency {
    return new Dependency(path, true, look(path, true), { stamped: false });
  }

  /** The symbolic link that this process has left there. */
  static onOwnLink(path: string): Dependency {
    return new Dependency(path, false, look(path, false), { stamped: false });
  }

  /**
   * The file that was at `path` when it was read, at `readNs`. If it had been changed just before, another change may have left no trace in its times: whether it is newer than the
   * server tells more, then.
   */
  static onRead(path: string, identity: FileIdentity, readNs: bigint): Dependency {
    const { mtimeNs, ctimeNs } = identity;
    const changedNs = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
    return new Dependency(path, true, identity, { stamped: changedNs > readNs - CLOCK_TICK_NS });
  }

  /** That nothing was at `path`. */
  static onAbsence(path: string): Dependency {
    return new Dependency(path, true, undefined);
  }

  /** That something was at `path`, whatever is in it. */
  static onPresence(path: string, follow: boolean): Dependency {
    return new Dependency(path, follow, undefined, { counts: 'presence', kind: kindOf(look(path, follow)) });
  }

  /** Whether it is that nothing was there. */
  get isAbsence(): boolean {
    return this.#before === undefined && !this.isPresence;
  }

  /** Whether it is only that something was there. */
  get isPresence(): boolean {
    return this.#counts === 'presence';
  }

  /** What stat(2) says that has changed; undefined for nothing. `stampNs`: when a file must not have been modified later. */
  findChange(stampNs: bigint | undefined): string | undefined {
    const now = look(this.path, this.follow);
    if (!now) return this.isAbsence ? undefined : `${this.path} is gone`;
    if (this.isPresence) return kindOf(now) === this.#kind ? undefined : `${this.path} is not the file that it was`;
    const before = this.#before;
    if (!before) return `${this.path} has appeared`;
    const newer = stampNs !== undefined && now.mtimeNs > stampNs;
    if (sameFile(before, now) && !(newer && this.#stamped)) return undefined;
    return `${this.path} is ${newer ? 'newer than the server' : 'not the file that it was'}`;
  }
}

/** Regular file, directory and so on. */
function kindOf(stats: BigIntStats | undefined): bigint | undefined {
  return stats && stats.mode & BigInt(constants.S_IFMT);
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
