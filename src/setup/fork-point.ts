import { readdirSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { PreforkError } from '../errors.js';
import * as native from '../native.js';
import { readText } from '../read-text.js';

const ADVICE = 'finish it before initialisationComplete(), or begin it afterwards';

/** Something that is on its way and would be lost. */
export interface Unsafe {
  readonly kind: 'requests' | 'children' | 'threads';
  readonly what: string;
  readonly advice: string;
}

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
  const found = findUnsafe();
  if (found.length === 0) return;
  const what = `${found.map((each) => each.what).join(', and ')}; ${ADVICE}`;
  throw new PreforkError('ERR_PREFORK_UNSAFE_FORK_POINT', `a server cannot be made of this process now: ${what}`);
}

/** All that there is of that. */
export function findUnsafe(): Unsafe[] {
  const found: Unsafe[] = [];
  const add = (kind: Unsafe['kind'], what: string) => found.push({ kind, what, advice: ADVICE });
  const requests = native.activeRequests();
  if (requests > 0) add('requests', `${count(requests, 'request')} in flight (${nameRequests()})`);
  const children = childProcesses();
  if (children.length > 0) {
    const names = children.map(({ pid, name }) => `${name} (process ${pid})`).join(', ');
    add('children', `${count(children.length, 'child process')} there, whose end no call would see: ${names}`);
  }
  // libuv's own threads can be told from others only while they are idle.
  const threads = requests > 0 ? [] : lastingThreads();
  if (threads.length > 0) {
    const names = threads.map(({ tid, name }) => `${name} (thread ${tid})`).join(', ');
    add('threads', `${count(threads.length, 'thread')} alive, and would be lost: ${names}`);
  }
  return found;
}

/** How long a thread may take to end by itself. */
const THREADS_LIMIT_MS = 1_000;
const LOOK_EVERY_MS = 5;

/** Not those that are about to end: Node has such as well, one that loads certificates as soon as node:tls is loaded (22 and 24). */
function lastingThreads(): ReturnType<typeof native.threads> {
  const deadline = performance.now() + THREADS_LIMIT_MS;
  let threads = native.threads();
  while (threads.length > 0 && performance.now() < deadline) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, LOOK_EVERY_MS);
    threads = native.threads();
  }
  return threads;
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
