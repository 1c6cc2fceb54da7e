import * as native from '../native.js';
import type { Dependency } from './dependency.js';
import { Watches } from './watches.js';

/** How soon watches are set again after they were: what takes them away may do so again and again. */
const WATCH_INTERVAL_MS = 1_000;

/** How many files are watched in one go: about a millisecond, in which a caller would have to wait. */
const WATCHED_AT_ONCE = 64;

/** Watches that are being set. */
interface Setting {
  readonly watches: Watches<Dependency>;
  readonly unwatched: Dependency[];
  /** How far it has got with the dependencies. */
  at: number;
}

/**
 * Whether what a server was made from is still what lies on disk.
 *
 * As in the released system, a file whose modification time is later than the stamp (the socket's, made just before
 * setup started) makes the server stale. A file may also be replaced by an older one, so the server is stale as well when a
 * file is no longer the one that it was, or a symbolic link on the way to one, or when something is where nothing was, or nothing where something was.
 *
 * Which it is, stat(2) says. Watches say what need not be looked at: most files, for most calls. Where there are none, or they have lost
 * count, all files are looked at.
 */
export class Staleness {
  readonly #stampNs: bigint | undefined;
  readonly #dependencies: readonly Dependency[];
  readonly #now: () => number;
  /** Undefined while all is looked at for each call. */
  #watches: Watches<Dependency> | undefined;
  /** With watches: those that have to be looked at for each call all the same. */
  #unwatched: readonly Dependency[] = [];
  #setting: Setting | undefined;
  /** No longer good, and not closed: that takes the kernel milliseconds. */
  #discarded: Watches<Dependency> | undefined;
  /** A call had to wait until all was looked at. */
  #wanted = false;
  #watchAt = Number.NEGATIVE_INFINITY;
  /** Once found, it is no longer heard of. */
  #found: string | undefined;

  constructor(
    dependencies: readonly Dependency[],
    stampNs: bigint | undefined,
    now: () => number = () => performance.now(),
  ) {
    this.#stampNs = stampNs;
    this.#now = now;
    this.#dependencies = dependencies;
  }

  /**
   * What has changed, with the path of it; undefined where nothing has. Sees every change whose system call had returned before. Costs one
   * stat(2) a file; with watches, as long as nothing happens to what they watch, two system calls, and one stat(2) for each file that cannot be
   * watched.
   */
  findChange(): string | undefined {
    this.#found ??= this.#ask();
    return this.#found;
  }

  /**
   * The same for one who asks without a call. A server that nobody calls takes no watches for that: to list them all would take every
   * instance that the user has.
   */
  look(): string | undefined {
    const wanted = this.#wanted;
    const change = this.findChange();
    this.#wanted = wanted;
    return change;
  }

  /**
   * Sets some of the watches, if a call had to do without: to be called when nobody waits, and again while it says that there is more to do. A
   * server that is called but once takes none, of which a user has not many (128 instances).
   */
  watch(): boolean {
    if (this.#found !== undefined) return false;
    this.#setting ??= this.#begin();
    if (!this.#setting) return false;
    this.#setSome(this.#setting);
    if (this.#found === undefined && this.#setting.at < this.#dependencies.length) return true;
    this.#finish(this.#setting);
    return false;
  }

  /** The server's own: no executor is to have them. */
  get descriptors(): number[] {
    return [this.#watches, this.#setting?.watches, this.#discarded].flatMap((watches) => watches?.descriptors ?? []);
  }

  /** Gives up all watches: nobody will ask any more. */
  close(): void {
    native.closeAll(this.descriptors);
    this.#watches = undefined;
    this.#setting = undefined;
    this.#discarded = undefined;
  }

  #ask(): string | undefined {
    const heard = this.#watches?.read();
    if (this.#watches && !heard) return this.#firstChange(this.#unwatched);
    if (heard?.written) return heard.written.findChange(this.#stampNs) ?? `${heard.written.path} was written to`;
    if (heard && !heard.lost) return this.#firstChange(heard.touched) ?? this.#firstChange(this.#unwatched);
    if (this.#watches) {
      // New ones are simpler than to find out which of these are still good.
      this.#discarded = this.#watches;
      this.#watches = undefined;
    }
    this.#wanted = true;
    return this.#firstChange(this.#dependencies);
  }

  #firstChange(dependencies: Iterable<Dependency>): string | undefined {
    for (const dependency of dependencies) {
      const change = dependency.findChange(this.#stampNs);
      if (change !== undefined) return change;
    }
    return undefined;
  }

  #begin(): Setting | undefined {
    if (!this.#wanted || this.#now() < this.#watchAt) return undefined;
    this.#watchAt = this.#now() + WATCH_INTERVAL_MS;
    this.#discarded?.close();
    this.#discarded = undefined;
    const watches = Watches.open<Dependency>();
    return watches && { watches, unwatched: [], at: 0 };
  }

  #setSome(setting: Setting): void {
    const end = Math.min(setting.at + WATCHED_AT_ONCE, this.#dependencies.length);
    for (; setting.at < end; setting.at += 1) {
      const dependency = this.#dependencies[setting.at] as Dependency;
      if (!addTo(setting.watches, dependency)) setting.unwatched.push(dependency);
      // What has changed up to here. From here on it is heard of.
      else this.#found ??= dependency.findChange(this.#stampNs);
    }
  }

  #finish({ watches, unwatched }: Setting): void {
    this.#setting = undefined;
    this.#wanted = false;
    if (this.#found !== undefined || unwatched.length === this.#dependencies.length) {
      watches.close();
      return;
    }
    this.#watches = watches;
    this.#unwatched = unwatched;
  }
}

function addTo(watches: Watches<Dependency>, dependency: Dependency): boolean {
  const { path, follow, isAbsence, isPresence } = dependency;
  if (isAbsence) return watches.addAbsent(path);
  return isPresence ? watches.addPresent(path, follow) : watches.add(path, follow, dependency);
}
