import { type Stats, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { HANDOVER_VARIABLE, parseHandover } from '../setup/handover.js';
import { childrenOf, isAlive, isStillAlive, type Process, processesCalled, processOf, startedWith } from './proc.js';
import { SERVER_NAME, type ServerView, seenFromOutside, sparesOf, UNKNOWN } from './servers.js';

/** A process that is a server of a run directory, whether its rendezvous is still there or not. */
export interface ServerProcess extends Process {
  readonly ident: string;
}

/**
 * All servers of version 2 that were started for this run directory, by what the kernel shows of them: their command line, and the handover that setup was
 * started with. So a server is found that has no rendezvous any more, however it lost that; and no file has to be kept, and removed, for it.
 */
export function serversOf(directory: string): ServerProcess[] {
  return serversAmong(serverLike(), directory);
}

/** Those of all processes that show themselves as servers, of whatever run directory. */
export function serverLike(): Process[] {
  const alike = processesCalled(SERVER_NAME);
  const found = alike.flatMap((pid) => processOf(pid) ?? []);
  // What a server has just forked looks like it for a moment.
  return found.filter(({ parent }) => !alike.includes(parent));
}

function serversAmong(processes: readonly Process[], directory: string): ServerProcess[] {
  const own = look(directory);
  return processes.flatMap((process) => {
    const socket = socketOf(process.pid);
    if (!own || !socket) return [];
    // As the process sees it: in a container of its own, the same path is another directory.
    const its = look(`/proc/${process.pid}/root${dirname(socket)}`);
    const isHere = its?.ino === own.ino && its.dev === own.dev;
    // Looked at last: what was found under this number is this process's.
    return isHere && isStillAlive(process) ? [{ ...process, ident: basename(socket).slice(1) }] : [];
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
 * The servers of a run directory that serve out their calls, or are just going: they are still there, and none of the rendezvous is theirs. `before`: what looked
 * like a server before the rendezvous were looked at, since one that has begun in between would be taken for one that is going.
 */
export function replacedIn(
  directory: string,
  before: readonly Process[],
  views: readonly ServerView[],
): ServerProcess[] {
  const present = new Set(views.map(({ pid }) => pid));
  const others = serversAmong(
    before.filter(({ pid }) => !present.has(pid)),
    directory,
  );
  // Whoever has begun last of an ident, where its rendezvous does not tell who it is.
  const unknown = views.filter(({ state, pid }) => state === 'starting' || (state === 'silent' && pid === null));
  const starting = unknown.map(({ ident }) => youngest(others.filter((each) => each.ident === ident)));
  return others.filter((each) => !starting.includes(each));
}

function youngest(processes: readonly ServerProcess[]): ServerProcess | undefined {
  return [...processes].sort((a, b) => b.startedTicks - a.startedTicks)[0];
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
