import { type Answer, ask, isListening, type Reply } from './ask.js';
import { ageOf, childrenOf, commandLineOf, isAlive, listenersOf, lockedInodes, memoryOf, processOf } from './proc.js';
import { type Rendezvous, readRendezvous } from './rendezvous.js';

/** A server answers in a millisecond; this is for one that is at work on a busy machine. */
const ANSWER_LIMIT_MS = 2_000;
/** For one whose lock somebody holds, who most likely is just starting it: then it answers later, and nobody is to wait for that. */
const STARTING_LIMIT_MS = 250;

/** As src/setup/complete.ts and src/executor/become.ts show it. */
export const SERVER_NAME = 'prefork-interp: server';
const SPARE_NAME = 'prefork-interp: spare';

/**
 * `serving`: it takes calls. `starting`: somebody is starting it. `silent`: somebody listens who does not answer, such as a server that is stopped. `dead`: what
 * one that has ended has left behind. `replaced`: a server that takes no more calls, and serves out those that it has.
 */
export type State = 'serving' | 'starting' | 'silent' | 'dead' | 'replaced';

/** A rendezvous and its server, as `list --json` shows it (docs/preforkctl.md). What cannot be known is null. */
export interface ServerView {
  readonly ident: string;
  readonly state: State;
  readonly protocol: 1 | 2;
  readonly script: string | null;
  readonly pid: number | null;
  readonly uptimeSeconds: number | null;
  /** So far. */
  readonly calls: number | null;
  readonly running: number | null;
  readonly waiting: number | null;
  /** Executors that wait for a call. */
  readonly spares: number | null;
  /** Of the server and its spares together. */
  readonly pssKb: number | null;
  /** ISO 8601. */
  readonly lastUsed: string | null;
  /** Whether it would retire instead of serving another call. */
  readonly stale: boolean | null;
  readonly staleBecause: string | null;
}

/** Of a server of which nothing is known. */
export const UNKNOWN = {
  script: null,
  pid: null,
  uptimeSeconds: null,
  calls: null,
  running: null,
  waiting: null,
  spares: null,
  pssKb: null,
  lastUsed: null,
  stale: null,
  staleBecause: null,
} as const;

/** All that is in the run directory. `memory`: how much each has is asked for, which takes nearly as long as all the rest. */
export async function viewServers(directory: string, memory: boolean): Promise<ServerView[]> {
  return viewAll(readRendezvous(directory), memory);
}

export async function viewAll(rendezvous: readonly Rendezvous[], memory: boolean): Promise<ServerView[]> {
  const locked = lockedInodes();
  const answers = await Promise.all(rendezvous.map((each) => answerOf(each, locked)));
  const strangers = rendezvous.filter((each, at) => answers[at] === 'v1' && !isServer(each.notedPid));
  const listeners = listenersOf(new Set(strangers.map(({ socket }) => socket)));
  return Promise.all(rendezvous.map((each, at) => view(each, answers[at] as Found, listeners, memory)));
}

type Found = Answer | 'v1' | 'starting';

async function answerOf(rendezvous: Rendezvous, locked: ReadonlySet<number>): Promise<Found> {
  const { socket, socketStats, lockStats, notedPid, protocol } = rendezvous;
  // An inode has its number in its file system only: it may be another file of that number that somebody holds.
  const isLocked = lockStats !== undefined && locked.has(lockStats.ino);
  if (!socketStats) return isLocked ? 'starting' : { kind: 'nobody' };
  if (protocol === 1) {
    if (!(await isListening(socket))) return isLocked ? 'starting' : { kind: 'nobody' };
    return isLocked && !isServer(notedPid) ? 'starting' : 'v1';
  }
  const { answer, close } = await ask(socket, 'status', isLocked ? STARTING_LIMIT_MS : ANSWER_LIMIT_MS);
  close();
  return isLocked && answer.kind !== 'reply' ? 'starting' : answer;
}

async function view(
  rendezvous: Rendezvous,
  found: Found,
  listeners: ReadonlyMap<string, number>,
  memory: boolean,
): Promise<ServerView> {
  const { ident, protocol, notedPid, socket } = rendezvous;
  const base: ServerView = { ident, state: 'dead', protocol, ...UNKNOWN, lastUsed: lastUseOf(rendezvous) };
  if (found === 'starting') return { ...base, state: 'starting', pid: notedPid ?? null };
  if (found !== 'v1' && found.kind === 'nobody') return base;
  if (found !== 'v1' && found.kind === 'reply') return replied(base, found.reply, memory);
  const pid = isServer(notedPid) ? notedPid : listeners.get(socket);
  const known = pid === undefined ? base : { ...base, ...(await seenFromOutside(pid, memory)) };
  return { ...known, state: found === 'v1' ? 'serving' : 'silent' };
}

async function replied(base: ServerView, reply: Reply, memory: boolean): Promise<ServerView> {
  const { pid, running, waiting, spares, calls, uptimeMs, idleMs, script, stale } = reply;
  return {
    ...base,
    state: 'serving',
    protocol: 2,
    script: script && Buffer.from(script).toString(),
    pid,
    uptimeSeconds: Number(uptimeMs) / 1000,
    calls: Number(calls),
    running,
    waiting,
    spares,
    pssKb: memory ? await memoryOfAll(pid) : null,
    lastUsed: new Date(Date.now() - Number(idleMs)).toISOString(),
    stale: stale !== null,
    staleBecause: stale,
  };
}

/** What the kernel tells of a server that does not tell anything itself. */
export async function seenFromOutside(pid: number, memory: boolean): Promise<Partial<ServerView>> {
  const process = processOf(pid);
  if (!process) return {};
  const commandLine = commandLineOf(pid);
  return {
    pid,
    // Of another library it is whatever that shows.
    script: commandLine.startsWith(SERVER_NAME) ? commandLine.slice(SERVER_NAME.length + 1) : null,
    uptimeSeconds: ageOf(process),
    spares: sparesOf(pid).length,
    pssKb: memory ? await memoryOfAll(pid) : null,
  };
}

async function memoryOfAll(pid: number): Promise<number | null> {
  const parts = await Promise.all([pid, ...sparesOf(pid)].map(memoryOf));
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? null : known.reduce((sum, part) => sum + part, 0);
}

export function sparesOf(pid: number): number[] {
  return childrenOf(pid).filter((child) => commandLineOf(child).startsWith(SPARE_NAME));
}

/** Whether it is a server of this library's by what it shows of itself. */
export function isServer(pid: number | undefined): pid is number {
  return pid !== undefined && isAlive(pid) && commandLineOf(pid).startsWith(SERVER_NAME);
}

/** As preclean sees it; a server of version 2 knows better. */
function lastUseOf({ socketStats, lockStats }: Rendezvous): string | null {
  if (!socketStats) return null;
  return new Date(Math.max(socketStats.atimeMs, lockStats?.mtimeMs ?? 0)).toISOString();
}
