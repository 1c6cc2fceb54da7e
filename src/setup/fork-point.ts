import { readdirSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { PreforkError } from '../errors.js';
import * as native from '../native.js';
import { readText } from '../read-text.js';

const ADVICE = 'finish it before initialisationComplete(), or begin it afterwards';

/**
 * Makes sure that this process can be forked: nothing is on its way that a child would wait for and never get. Throws an error that
 * names what there is. (Timers and open sockets are no danger: each child has its own copy.)
 */
export function checkForkPoint(): void {
  if (!isMainThread) {
    throw new PreforkError(
      'ERR_PREFORK_NOT_MAIN_THREAD',
      'initialisationComplete() was called in a worker thread: only the main thread can become a server',
    );
  }
  // First, because libuv's own threads can be told from others only while they are idle.
  const requests = native.activeRequests();
  if (requests > 0) {
    throw unsafe(`${count(requests, 'request')} in flight (${nameRequests()}); ${ADVICE}`);
  }
  const children = childProcesses();
  if (children.length > 0) {
    const names = children.map(({ pid, name }) => `${name} (process ${pid})`).join(', ');
    throw unsafe(`${count(children.length, 'child process')} there, whose end no call would see: ${names}; ${ADVICE}`);
  }
  const threads = native.threads();
  if (threads.length > 0) {
    const names = threads.map(({ tid, name }) => `${name} (thread ${tid})`).join(', ');
    throw unsafe(`${count(threads.length, 'thread')} alive, and would be lost: ${names}; ${ADVICE}`);
  }
}

interface Child {
  readonly pid: number;
  readonly name: string;
}

/**
 * The children of this process, also those that have ended and that nobody has waited for yet. A child of a fork is not theirs: it would
 * never be told of their end, and would share their pipes with every other call. (proc(5), /proc/pid/task/tid/children: a list by thread.)
 */
function childProcesses(): Child[] {
  const children: Child[] = [];
  for (const thread of readdirSync('/proc/self/task')) {
    for (const pid of read(`/proc/self/task/${thread}/children`).split(' ').filter(Boolean)) {
      children.push({ pid: Number(pid), name: read(`/proc/${pid}/comm`).trim() });
    }
  }
  return children;
}

/** Empty where there is no such file: a thread or a process has ended, or the kernel was built without lists of children. */
function read(path: string): string {
  try {
    return readText(path);
  } catch {
    return '';
  }
}

/** What is on its way, as Node names it: FSReqCallback, FSReqPromise, GetAddrInfoReqWrap, ZLIB .. */
function nameRequests(): string {
  const lasting =
    /^(Timeout|Immediate|TTYWrap|.*Server.*|.*SocketWrap|PipeWrap|TCPWrap|UDPWrap|ProcessWrap|SignalWrap)$/;
  const names = process.getActiveResourcesInfo().filter((name) => !lasting.test(name));
  return [...new Set(names)].join(', ') || 'not named by Node: a job of node:crypto, node:zlib or an addon';
}

function count(n: number, what: string): string {
  return n === 1 ? `a ${what} is` : `${n} ${what.replace(/s$/, 'se')}s are`;
}

function unsafe(what: string): PreforkError {
  return new PreforkError('ERR_PREFORK_UNSAFE_FORK_POINT', `a server cannot be made of this process now: ${what}`);
}
