import { closeSync, constants, fstatSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as native from '../native.js';
import { ask, isListening } from './ask.js';
import { allProcesses, childrenOf, commandLineOf, isAlive, listenersOf, processOf } from './proc.js';
import type { Rendezvous } from './rendezvous.js';
import { isServer, sparesOf } from './servers.js';

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
 * lock is held from before the server is told to stop until the rendezvous is removed: so no caller starts another in between.
 */
export async function endAll(rendezvous: readonly Rendezvous[], deadline: number): Promise<Fate[]> {
  const watchers = findWatchers();
  return Promise.all(rendezvous.map((each) => end(each, watchers.get(each.socket) ?? [], deadline)));
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
  const left = await untilGone([...(pid === undefined ? [] : [pid]), ...watchers], deadline);
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
  // One that is stopped cannot see that it is to go.
  if (pid !== undefined && processOf(pid)?.state === 'T') native.sendSignal(pid, native.signalNumber('SIGCONT'));
  return { pid, wasThere: true };
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

/** Those of `pids` that are still there at the deadline. */
async function untilGone(pids: readonly number[], deadline: number): Promise<number[]> {
  let left = pids.filter(isAlive);
  while (left.length > 0 && performance.now() < deadline) {
    await pause(LOOK_EVERY_MS);
    left = left.filter(isAlive);
  }
  return left;
}

function describe(pid: number): string {
  const calls = childrenOf(pid).length - sparesOf(pid).length;
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
