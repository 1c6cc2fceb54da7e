import { openSync, type Stats } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import * as native from '../native.js';
import { FileSystems } from './file-systems.js';
import { look, type Place, Ways } from './ways.js';

/**
 * A user has between 8192 and a million watches for all his programs, by the size of memory (max_user_watches in inotify(7)), and editors
 * want thousands: one server leaves most of them to others.
 */
const MAX_WATCHES = 20_000;

/**
 * More reads of 4096 bytes than a full queue takes, of 16384 events (max_queued_events) with the longest names: they come faster than they can
 * be read.
 */
const MAX_READS = 1_200;

/** Things that change what a path leads to. What happens to a file counts for itself. */
const OF_WAY = native.IN_ATTRIB | native.IN_MOVE_SELF | native.IN_DELETE_SELF | native.IN_DONT_FOLLOW;
/**
 * Of what is written through a shared mapping only the closing is told, and the same holds for asynchronous writes of old kernels: so
 * that is an event too.
 */
const OF_FILE = OF_WAY | native.IN_MODIFY | native.IN_CLOSE_WRITE;
/** Added to what is watched for already: a directory may be on the way, and have names that are waited for. */
const OF_DIRECTORY = OF_WAY | native.IN_ONLYDIR | native.IN_MASK_ADD;
const OF_NEW_NAMES = native.IN_CREATE | native.IN_MOVED_TO;

/** Readable for every change of what is mounted where this process sees it, without being read (proc(5), /proc/pid/mounts). */
const MOUNTS = '/proc/self/mountinfo';
const POLLPRI = 0x2;

/** What has happened since it was last asked for. */
export interface Heard<T> {
  /** A file that for sure is not what it was, whatever stat(2) says: its times may be put back, or be too coarse. */
  readonly written: T | undefined;
  /** Those that have to be looked at. */
  readonly touched: ReadonlySet<T>;
  /** Something on the way to a file was moved, removed or given other permissions, a name that was missing has come, or events were lost: nothing is known any more. */
  readonly lost: boolean;
}

/** Watched, with its number. */
interface Watched extends Place {
  readonly number: number;
}

/** By inotify(7): which files have changed, or no longer are where they were. `T` is what the files stand for. */
export class Watches<T> {
  readonly #watch: number;
  /** A set for poll(2) of one descriptor. A mount over a directory is no event of it. */
  readonly #mounts: Int32Array;
  readonly #files = new Map<number, T[]>();
  /** The names that directories are waited to get: by path, and by the number of the watch, as other paths may lead to the same. */
  readonly #expectedAt = new Map<string, Set<string>>();
  readonly #expectedBy = new Map<number, Set<string>>();
  /** Directories that have to be looked at, by what they were. There are few. */
  readonly #unheard = new Map<string, Stats>();
  readonly #fileSystems = new FileSystems();
  readonly #ways = new Ways<Watched>((place) => this.#guard(place));
  /** No more watches can be had. */
  #full = false;
  #written: T | undefined;
  #touched = new Set<T>();
  #lost = false;

  /** Undefined where the kernel or the user has none left. */
  static open<T>(): Watches<T> | undefined {
    let watch = -1;
    try {
      watch = native.openWatch();
      return new Watches<T>(watch, openSync(MOUNTS, 'r'));
    } catch {
      // EMFILE, ENFILE, ENOMEM, ENOSYS, or no /proc: one can do without.
      if (watch >= 0) native.close(watch);
      return undefined;
    }
  }

  private constructor(watch: number, mounts: number) {
    this.#watch = watch;
    this.#mounts = Int32Array.of(mounts, POLLPRI, 0);
  }

  /**
   * From now on tells what happens to the regular file, or with `follow` false to the symbolic link, at `path`, and to its being there. False
   * where that cannot be told for sure.
   */
  add(path: string, follow: boolean, what: T): boolean {
    if (!isAbsolute(path)) return false;
    const end = this.#ways.end(path, follow);
    // What happens to a link that is looked at as one makes everything uncertain, as for each link on a way.
    if (!follow) return end?.stats.isSymbolicLink() ?? false;
    if (!end?.stats.isFile()) return false;
    const others = this.#files.get(end.number);
    if (others) others.push(what);
    else this.#files.set(end.number, [what]);
    return true;
  }

  /** From now on tells when what is at `path` may be gone, and not what else happens to it. False where that cannot be told for sure. */
  addPresent(path: string, follow: boolean): boolean {
    return isAbsolute(path) && this.#ways.end(path, follow, this.#guardPresence) !== undefined;
  }

  /** From now on tells when something comes to be at `path`, where nothing is. False where that cannot be told for sure. */
  addAbsent(path: string): boolean {
    return isAbsolute(path) && this.#ways.absent(path, this.#expect);
  }

  /** What has happened; undefined for nothing, which costs a read(2) and a poll(2), and an lstat(2) for each directory that cannot be heard of. */
  read(): Heard<T> | undefined {
    let reads = 0;
    while (reads <= MAX_READS && native.readWatch(this.#watch, this.#seen) > 0) reads += 1;
    if (reads > MAX_READS || native.poll(this.#mounts, 0) > 0 || !this.#unheardAreSame()) this.#lost = true;
    if (!this.#lost && this.#written === undefined && this.#touched.size === 0) return undefined;
    const heard = { written: this.#written, touched: this.#touched, lost: this.#lost };
    this.#written = undefined;
    this.#touched = new Set();
    this.#lost = false;
    return heard;
  }

  get descriptors(): number[] {
    return [this.#watch, this.#mounts[0] as number];
  }

  close(): void {
    native.closeAll(this.descriptors);
  }

  readonly #seen = (number: number, events: number, name: string): void => {
    if (name !== '') {
      // Its permissions do not matter: if they do, it is watched itself.
      if (events & OF_NEW_NAMES && this.#expectedBy.get(number)?.has(folded(name))) this.#lost = true;
      return;
    }
    const files = this.#files.get(number);
    if (!files || events & (native.IN_IGNORED | native.IN_UNMOUNT)) this.#lost = true;
    else if (events & (native.IN_MODIFY | native.IN_DELETE_SELF)) this.#written ??= files[0];
    else for (const file of files) this.#touched.add(file);
  };

  #guard(place: Place): Watched | undefined {
    const { stats } = place;
    if (stats.isFile()) return this.#watchFor(OF_FILE, place);
    if (stats.isDirectory()) return this.#watchFor(OF_DIRECTORY, place);
    return stats.isSymbolicLink() ? this.#watchFor(OF_WAY, place) : undefined;
  }

  /** It may be a file that is watched for more. */
  readonly #guardPresence = (place: Place): Watched | undefined => this.#watchFor(OF_WAY | native.IN_MASK_ADD, place);

  #watchFor(events: number, { path, stats }: Place): Watched | undefined {
    if (this.#full || !this.#fileSystems.tell(path, stats)) return undefined;
    // A subvolume of Btrfs can be removed with all that is in it and no event for any of that.
    if (stats.isDirectory() && look(dirname(path))?.dev !== stats.dev) this.#unheard.set(path, stats);
    try {
      const number = native.addWatch(this.#watch, path, events);
      // An instance numbers its watches from 1.
      this.#full = number >= MAX_WATCHES;
      return { path, stats, number };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'ENOMEM') this.#full = true;
      // One that may be passed but not read, as /home is on some machines.
      if (code !== 'EACCES' || !stats.isDirectory()) return undefined;
      this.#unheard.set(path, stats);
      return { path, stats, number: -1 };
    }
  }

  readonly #expect = (directory: string, name: string): boolean => {
    let names = this.#expectedAt.get(directory);
    if (!names) {
      if (this.#full) return false;
      let number: number;
      try {
        number = native.addWatch(this.#watch, directory, OF_DIRECTORY | OF_NEW_NAMES);
      } catch {
        // One that may not be read, or is gone again.
        return false;
      }
      names = this.#expectedBy.get(number) ?? new Set();
      this.#expectedAt.set(directory, names);
      this.#expectedBy.set(number, names);
    }
    names.add(folded(name));
    return true;
  };

  #unheardAreSame(): boolean {
    for (const [path, before] of this.#unheard) {
      const now = look(path);
      if (!now || now.dev !== before.dev || now.ino !== before.ino || now.mode !== before.mode) return false;
    }
    return true;
  }
}

/** For directories in which upper and lower case are the same (ext4 and F2FS have them). One name too many does no harm. */
function folded(name: string): string {
  return name.normalize().toLowerCase();
}
