/** What /proc tells about processes, see proc(5). A process that ends while it is looked at is as good as gone. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** `R` running, `S` asleep, `T` stopped, `Z` zombie .. */
  readonly state: string;
  readonly commandLine: string;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** The process with this number, or undefined where there is none (any more). */
export function processOf(pid: number): Process | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the name in parentheses, and may itself hold spaces and parentheses.
  const [state = '?', ...numbers] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent = 0, group = 0, session = 0] = numbers.map(Number);
  const commandLine = (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trimEnd();
  return { pid, parent, group, session, state, commandLine };
}

/** Whether it runs: a zombie does not. */
export function alive(pid: number): boolean {
  const state = processOf(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** The number of the system call that a process is in; undefined where it is in none. */
export function syscallOf(pid: number): number | undefined {
  const number = Number.parseInt(read(`/proc/${pid}/syscall`) ?? '', 10);
  return Number.isNaN(number) ? undefined : number;
}

/** How often the threads of a process have been put off a processor (proc(5)): stands still exactly while none of them runs. */
export function switchesOf(pid: number): number {
  let switches = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    for (const [, count] of (read(`/proc/${pid}/task/${thread}/status`) ?? '').matchAll(/ctxt_switches:\s*(\d+)/g)) {
      switches += Number(count);
    }
  }
  return switches;
}

/** How many watches of inotify(7) a process has (proc_pid_fdinfo(5)). */
export function watchesOf(pid: number): number {
  const directory = `/proc/${pid}/fdinfo`;
  const texts = readdirSync(directory).map((descriptor) => read(`${directory}/${descriptor}`) ?? '');
  return texts.join('').match(/^inotify wd:/gm)?.length ?? 0;
}

export function processes(): Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => processOf(Number(pid)) ?? []);
}

/** The processes that were started with one of `entries` (`NAME=value`) in their environment, whatever they have in it now. */
export function processesStartedWith(...entries: string[]): Process[] {
  return processes().filter(({ pid }) =>
    read(`/proc/${pid}/environ`)
      ?.split('\0')
      .some((entry) => entries.includes(entry)),
  );
}

/** What a process was started with: what it made of that since does not show. */
export function environmentOf(pid: number): Map<string, string> {
  const entries = (read(`/proc/${pid}/environ`) ?? '').split('\0').filter((entry) => entry.includes('='));
  return new Map(entries.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
}

/** What each descriptor of a process is: `socket:[1234]`, `/dev/null` .. */
export function descriptorsOf(pid: number): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      found.set(Number(name), readlinkSync(`/proc/${pid}/fd/${name}`));
    } catch {
      // Closed since: for one's own process that is the descriptor of the directory itself.
    }
  }
  return found;
}
