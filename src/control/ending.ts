import { closeSync, constants, fstatSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as native from '../native.js';
import { ask, isListening } from './ask.js';
import { allProcesses, commandLineOf, isStillAlive, listenersOf, type Process, processOf } from './proc.js';
import type { Rendezvous } from './rendezvous.js';
import { callsOf, type ServerProcess } from './replaced.js';
import { isServer } from './servers.js';

const ANSWER_LIMIT_MS = 2_000;
/** Somebody who holds the lock starts a server; and nobody tells when a process ends that is no child. */
const LOOK_EVERY_MS = 10;
/** As native/client/watcher_start.cc shows it. */
const WATCHER_NAME = 'prefork-interp: watcher';

/** What has become of a rendezvous and its server. `cleared`: there was no server any more; `none`: not even a rendezvous. */
export interface Fate {
  readonly ident: string;
  readonly kind: 'stopped' | 'cleared' | 'none' | 'left';
  /** Of the server, if there was one that could be seen. */
  readonly pid: number | undefined;
  /** Of `left`: what is still there. */
  readonly why: string;
}

/**
 * Ends whatever serves these rendezvous, and removes them, all at once; returns when they are gone, or at `deadline` (of performance.now()). Each
 * lock is held from before the server is told to stop until the rendezvous is removed: so no caller starts another in between. `servers`: all that there were
 * before; those of them that take no more calls anyhow are waited for in the same way.
 */
export async function endAll(
  rendezvous: readonly Rendezvous[],
  servers: readonly ServerProcess[],
  deadline: number,
): Promise<Fate[]> {
  const watchers = findWatchers();
  const fates = await Promise.all(rendezvous.map((each) => end(each, watchers.get(each.socket) ?? [], deadline)));
  const replaced = servers.filter(({ pid }) => !fates.some((fate) => fate.pid === pid));
  return [...fates, ...(await Promise.all(replaced.map((each) => awaitEnd(each, deadline))))];
}

/** Nobody can tell it anything any more, and nobody has to: it has been told. */
async function awaitEnd(server: ServerProcess, deadline: number): Promise<Fate> {
  const { ident, pid } = server;
  if (isStillAlive(server)) letGoOn(pid);
  const left = await untilGone([server], deadline);
  return { ident, kind: left.length > 0 ? 'left' : 'stopped', pid, why: left.map(describe).join(', ') };
}

async function end(rendezvous: Rendezvous, watchers: readonly number[], deadline: number): Promise<Fate> {
  const { ident, socket, socketStats, lockStats } = rendezvous;
  if (!socketStats && !lockStats) return { ident, kind: 'none', pid: undefined, why: '' };
  const lock = await takeLock(lockFileOf(socket), deadline);
  if (lock === undefined) return { ident, kind: 'left', pid: undefined, why: 'somebody is still starting its server' };
  let pid: number | undefined;
  let wasThere: boolean;
  try {
    ({ pid, wasThere } = await tell(rendezvous));
    // The socket first: without the lock file, the next caller would be free to bind a new one.
    for (const path of [socket, lockFileOf(socket)]) removeFile(path);
  } finally {
    closeSync(lock);
  }
  const waitedFor = [...(pid === undefined ? [] : [pid]), ...watchers].flatMap((each) => processOf(each) ?? []);
  const left = await untilGone(waitedFor, deadline);
  if (left.length > 0) return { ident, kind: 'left', pid, why: left.map(describe).join(', ') };
  return { ident, kind: wasThere ? 'stopped' : 'cleared', pid, why: '' };
}

/** Tells the server, if there is one, as far as it can be told: one of version 1 finds out when its socket is gone. */
async function tell({
  protocol,
  socket,
  notedPid,
}: Rendezvous): Promise<{ pid: number | undefined; wasThere: boolean }> {
  if (protocol === 2) {
    const { answer, close } = await ask(socket, 'stop', ANSWER_LIMIT_MS);
    close();
    if (answer.kind === 'nobody') return { pid: undefined, wasThere: false };
    if (answer.kind === 'reply') return { pid: answer.reply.pid, wasThere: true };
  } else if (!(await isListening(socket))) {
    return { pid: undefined, wasThere: false };
  }
  const pid = isServer(notedPid) ? notedPid : listenersOf(new Set([socket])).get(socket);
  if (pid !== undefined) letGoOn(pid);
  return { pid, wasThere: true };
}

/** One that is stopped cannot see that it is to go. */
function letGoOn(pid: number): void {
  if (processOf(pid)?.state === 'T') native.sendSignal(pid, native.signalNumber('SIGCONT'));
}

/**
 * Takes the lock as a client does (docs/protocol.md): the file that was locked has to be that at the path. Undefined where somebody else holds it until the
 * deadline.
 */
async function takeLock(path: string, deadline: number): Promise<number | undefined> {
  for (;;) {
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    if (native.lock(file, 'exclusive', false) && isAt(path, file)) return file;
    closeSync(file);
    if (performance.now() >= deadline) return undefined;
    await pause(LOOK_EVERY_MS);
  }
}

function isAt(path: string, file: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const ours = fstatSync(file);
  return there?.ino === ours.ino && there.dev === ours.dev;
}

function lockFileOf(socket: string): string {
  return join(dirname(socket), `l${socket.slice(dirname(socket).length + 2)}`);
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Those that are still there at the deadline. */
async function untilGone(processes: readonly Process[], deadline: number): Promise<Process[]> {
  let left = processes.filter(isStillAlive);
  while (left.length > 0 && performance.now() < deadline) {
    await pause(LOOK_EVERY_MS);
    left = left.filter(isStillAlive);
  }
  return left;
}

function describe({ pid }: Process): string {
  const calls = callsOf(pid).length;
  if (calls > 0) return `process ${pid}, which serves out its calls (${calls})`;
  return `process ${pid} (${processOf(pid)?.state ?? 'gone by now'}) ${commandLineOf(pid)}`;
}

/** The watchers of this user's sockets, which their command lines name. */
function findWatchers(): ReadonlyMap<string, number[]> {
  const found = new Map<string, number[]>();
  for (const pid of allProcesses()) {
    const line = commandLineOf(pid);
    if (!line.startsWith(WATCHER_NAME)) continue;
    // Behind the path are two numbers.
    const socket = line.slice(WATCHER_NAME.length + 1).replace(/ \d+ \d+$/, '');
    found.set(socket, [...(found.get(socket) ?? []), pid]);
  }
  return found;
}
