import { type Stats, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { HANDOVER_VARIABLE, parseHandover } from '../setup/handover.js';
import {
  allProcesses,
  childrenOf,
  commandLineOf,
  isAlive,
  isStillAlive,
  type Process,
  processOf,
  startedWith,
} from './proc.js';
import { SERVER_NAME, type ServerView, seenFromOutside, sparesOf, UNKNOWN } from './servers.js';

/** A process that is a server of a run directory, whether its rendezvous is still there or not. */
export interface ServerProcess extends Process {
  readonly ident: string;
}

/**
 * All servers of version 2 that were started for this run directory, by what the kernel shows of them: their command line, and the handover that setup was
 * started with. So a server is found that has no rendezvous any more, however it lost that; and no file has to be kept, and removed, for it.
 */
export function serverProcesses(directory: string): ServerProcess[] {
  const own = look(directory);
  const alike = new Set(allProcesses().filter((pid) => commandLineOf(pid).startsWith(SERVER_NAME)));
  return [...alike].flatMap((pid) => {
    const process = processOf(pid);
    const socket = socketOf(pid);
    if (!own || !process || !socket) return [];
    // As the process sees it: in a container of its own, the same path is another directory.
    const its = look(`/proc/${pid}/root${dirname(socket)}`);
    if (its?.ino !== own.ino || its.dev !== own.dev) return [];
    // What a server has just forked looks like it for a moment.
    return alike.has(process.parent) || !isAlive(pid) ? [] : [{ ...process, ident: basename(socket).slice(1) }];
  });
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function socketOf(pid: number): string | undefined {
  try {
    return parseHandover(startedWith(pid, HANDOVER_VARIABLE) ?? '').socket;
  } catch {
    // It is none of ours.
    return undefined;
  }
}

/**
 * Those of `processes` that serve out their calls, or are just going: they are still there, and none of the rendezvous is theirs. `processes` have to be found
 * before the rendezvous are looked at: otherwise a server that has begun in between would be taken for one that is going.
 */
export function replacedAmong(processes: readonly ServerProcess[], views: readonly ServerView[]): ServerProcess[] {
  const present = new Set(views.map(({ pid }) => pid));
  // Whoever has begun last of an ident, where its rendezvous does not tell who it is.
  const unknown = views.filter(({ state, pid }) => state === 'starting' || (state === 'silent' && pid === null));
  for (const { ident } of unknown) {
    const [youngest] = processes.filter((each) => each.ident === ident).sort((a, b) => b.startedTicks - a.startedTicks);
    if (youngest) present.add(youngest.pid);
  }
  return processes.filter((each) => !present.has(each.pid) && isStillAlive(each));
}

/** As `list` shows it. What only a server could tell is null: nobody can ask this one. */
export async function viewReplaced({ pid, ident }: ServerProcess, memory: boolean): Promise<ServerView> {
  const running = callsOf(pid).length;
  const lastUsed = running > 0 ? new Date().toISOString() : null;
  const seen = await seenFromOutside(pid, memory);
  return { ident, state: 'replaced', protocol: 2, ...UNKNOWN, ...seen, pid, running, lastUsed };
}

/** The executors of a server that serve calls. */
export function callsOf(pid: number): number[] {
  const spares = sparesOf(pid);
  return childrenOf(pid).filter((child) => isAlive(child) && !spares.includes(child));
}
