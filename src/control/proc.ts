/** What /proc says of processes (proc(5)). One that ends while it is looked at is not there. */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pssKbIn } from '../server/memory-use.js';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** `R` running, `S` asleep, `T` stopped, `Z` ended and not reaped .. */
  readonly state: string;
  /** When it was started, in clock ticks since the machine was: number and this together are no other process's. */
  readonly startedTicks: number;
}

/** Clock ticks a second in what the kernel tells programs (USER_HZ, time(7)): 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Where in stat the state is: right behind the name in parentheses, which may hold anything. The others by proc_pid_stat(5), less 3. */
const FIELD_PARENT = 1;
const FIELD_STARTED = 19;

export function readDecimal(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** The process of this number; undefined where there is none (any more). */
export function processOf(pid: number): Process | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    parent: Number(fields[FIELD_PARENT]),
    state: fields[0] ?? '?',
    startedTicks: Number(fields[FIELD_STARTED]),
  };
}

/** How long ago it was started, in seconds. */
export function ageOf({ startedTicks }: Process): number {
  const uptime = Number.parseFloat(read('/proc/uptime') ?? '0');
  return Math.max(0, uptime - startedTicks / TICKS_PER_SECOND);
}

/** Whether it runs: one that has ended and was not reaped does not. */
export function isAlive(pid: number): boolean {
  const process = processOf(pid);
  return process !== undefined && isRunning(process);
}

/** Whether this very process still runs, and not another that was given its number. */
export function isStillAlive({ pid, startedTicks }: Process): boolean {
  const now = processOf(pid);
  return now?.startedTicks === startedTicks && isRunning(now);
}

function isRunning({ state }: Process): boolean {
  return state !== 'Z' && state !== 'X';
}

/** The arguments of a process with a space between. */
export function commandLineOf(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trimEnd();
}

/** Those of all processes whose first argument begins with this. No more of them is read than that takes: there may be thousands. */
export function processesCalled(name: string): number[] {
  const wanted = Buffer.from(name);
  const begins = Buffer.alloc(wanted.length);
  return allProcesses().filter((pid) => {
    try {
      const file = openSync(`/proc/${pid}/cmdline`, 'r');
      try {
        return readSync(file, begins) === wanted.length && begins.equals(wanted);
      } finally {
        closeSync(file);
      }
    } catch {
      return false;
    }
  });
}

/** What a process was started with under this name in its environment; undefined where that is nothing, or may not be read. */
export function startedWith(pid: number, name: string): string | undefined {
  const entries = (read(`/proc/${pid}/environ`) ?? '').split('\0');
  const entry = entries.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  return entry && Buffer.from(entry, 'latin1').toString();
}

/** The numbers of all processes that are seen here. */
export function allProcesses(): number[] {
  return readdirSync('/proc').flatMap((name) => readDecimal(name) ?? []);
}

/** Those that were forked by the main thread of `pid`, as a server's are. Where the kernel has no such list (CONFIG_PROC_CHILDREN): none. */
export function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`) ?? '';
  return text.split(' ').flatMap((word) => readDecimal(word) ?? []);
}

/**
 * How much memory a process has, in kB: its own pages, and its share of those that it has in common with others (Pss). Takes the kernel two milliseconds and
 * more, so it is read on a thread of Node's. Undefined where that may not be read.
 */
export async function memoryOf(pid: number): Promise<number | undefined> {
  try {
    return pssKbIn(await readFile(`/proc/${pid}/smaps_rollup`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** The inodes of the files that somebody holds an exclusive flock(2) of. */
export function lockedInodes(): ReadonlySet<number> {
  const lines = (read('/proc/locks') ?? '').split('\n');
  return new Set(lines.flatMap((line) => Number(/: FLOCK .* WRITE .*:(\d+) /.exec(line)?.[1] ?? Number.NaN)));
}

/** Who listens on each of these sockets' paths, as far as that can be seen: the oldest of those who have it open. */
export function listenersOf(paths: ReadonlySet<string>): ReadonlyMap<string, number> {
  const pathOf = new Map<string, string>();
  // Num RefCount Protocol Flags Type St Inode Path; the flag is __SO_ACCEPTCON.
  for (const line of (read('/proc/net/unix') ?? '').split('\n')) {
    const [, inode = '', path = ''] = /^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) (.*)$/.exec(line) ?? [];
    if (paths.has(path)) pathOf.set(`socket:[${inode}]`, path);
  }
  const found = new Map<string, Process>();
  if (pathOf.size === 0) return new Map();
  for (const pid of allProcesses()) {
    for (const path of openFiles(pid).flatMap((file) => pathOf.get(file) ?? [])) {
      const known = found.get(path);
      const process = processOf(pid);
      if (process && (!known || process.startedTicks < known.startedTicks)) found.set(path, process);
    }
  }
  return new Map([...found].map(([path, { pid }]) => [path, pid]));
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${name}`)];
      } catch {
        return [];
      }
    });
  } catch {
    // EACCES: somebody else's. ENOENT: it has ended.
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
