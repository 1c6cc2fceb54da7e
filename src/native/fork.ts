/**
 * The fork of a live Node process, and the ways out of a forked one. Why each step is needed: docs/fork-safety.md.
 */
import { setImmediate } from 'node:timers';
import { isMainThread } from 'node:worker_threads';
import { binding, type Thread } from './binding.js';
import { NativeError } from './errors.js';
import { captureNaturalExitCode } from './natural-exit.js';
import { trialFork } from './trial-fork.js';

/** The major versions on which every fork check is run (`npm run test:nodes`). Any other proves itself by a trial fork. */
export const TESTED_NODE_MAJORS: readonly number[] = [18, 20, 22, 24];

/** V8's background jobs take milliseconds; one that is not done in this time waits for something that will not come. */
const FORK_LIMIT_MS = 10_000;
/**
 * How long the addon waits before it lets JavaScript run a step: a job may be waiting for the main thread to collect.
 * Each wait is twice as long as the one before, since on a busy machine Node's threads may not all get their turn
 * within a short one.
 */
const FIRST_FORK_SLICE_MS = 2;
const LAST_FORK_SLICE_MS = 1_000;

let prepared = false;

/**
 * Makes this process one that can fork: takes V8's background tasks over from Node's platform. Once is enough, and it
 * is inherited by what is forked. Early is better (before the script's modules load), late is correct too.
 *
 * Where this Node lacks something, it says so (ERR_PREFORK_NODE_UNSUPPORTED) and has changed nothing.
 */
export function prepareFork(tested: readonly number[] = TESTED_NODE_MAJORS): void {
  if (prepared) return;
  if (!isMainThread) throw new NativeError('ERR_PREFORK_STATE', 'only the main thread of a process can fork it');
  const missing = binding().missingSymbols();
  if (missing.length > 0) {
    throw new NativeError(
      'ERR_PREFORK_NODE_UNSUPPORTED',
      `Node ${process.version} cannot be forked: it has no ${missing.join(', no ')}`,
    );
  }
  binding().takeOverTasks();
  if (!tested.includes(Number.parseInt(process.versions.node, 10))) {
    try {
      trialFork(fork);
    } catch (error) {
      binding().giveBackTasks();
      throw error;
    }
  }
  // Where this was not called ahead of everything (node --require), it may have been from inside Node's own wait for background
  // tasks (Node 18 evaluates modules there), which does not see ours and would let the process end without them. One more
  // turn of the event loop, and the next wait is ours.
  if (!(module as { isPreloading?: boolean }).isPreloading) setImmediate(() => {});
  prepared = true;
}

/**
 * Threads that a fork would lose and nobody would miss until something hangs: worker_threads, an addon's own, a
 * debugger's. Node's and V8's own helpers, libuv's pool and ours are not among them.
 */
export function threads(): Thread[] {
  return binding().threads();
}

/**
 * How many requests are on their way: to libuv's pool, the file system, a resolver, a connection. A fork leaves their
 * answers to the parent, and a child waits for them for ever.
 */
export function activeRequests(): number {
  return binding().activeRequests();
}

/**
 * fork(2) of this process, its JavaScript included: the child's pid, and 0 in the child.
 *
 * Waits until V8 has no work in the background, because a child has none of the threads that would finish it.
 */
export function fork(): number {
  const deadline = performance.now() + FORK_LIMIT_MS;
  for (let sliceMs = FIRST_FORK_SLICE_MS; ; sliceMs = Math.min(2 * sliceMs, LAST_FORK_SLICE_MS)) {
    const pid = binding().fork(sliceMs);
    if (pid !== null) return pid;
    if (performance.now() > deadline) {
      throw new NativeError(
        'ERR_PREFORK_TASKS_OUTSTANDING',
        `cannot fork: V8 still had work in the background after ${FORK_LIMIT_MS} ms`,
      );
    }
  }
}

/**
 * From now on every way out of this process ends in {@link exitNow}: Node's own would join threads that the fork lost.
 *
 * What a script sees on its way out (listeners, messages, the code) stays Node's.
 */
export function leaveByExitNow(): void {
  binding().leaveByExitNow();
  captureNaturalExitCode();
}

export { rehearseNaturalExit } from './natural-exit.js';

/**
 * What V8 wants to be done in the background later is never done. It delays nothing but its statistics (SampleTopTierCodeSizeTask in V8's wasm-engine.cc), for which
 * each process that is forked from this one would have a thread from its beginning, and this one would wake up.
 */
export function forgetDelayedTasks(): void {
  binding().forgetDelayedTasks();
}

/** The code of a natural end (the event loop is empty). leaveByExitNow keeps it up to date; this overrides it. */
export function setNaturalExitCode(code: number): void {
  binding().setNaturalExitCode(code);
}

/** Flushes C's streams, puts descriptors 0 to 2 back as {@link noteStdio} found them, and _exit(2)s. No listener runs. */
export function exitNow(code: number): never {
  return binding().exitNow(code);
}

/** In the note of {@link tellEndBy}: the end has been told, and the other bits are the wait status. */
export const END_NOTED = 0x10000;

/**
 * From now on {@link exitNow} first closes all descriptors, writes the wait status of this process to `note`, one element of {@link sharedMemory}, and sends
 * SIGCHLD to its parent; only then does it leave: the kernel takes a while to take down a large process, and nobody has to wait for it. Nothing of this
 * where another thread may still be at work. Null: nothing of this any more.
 *
 * `moments`: where {@link exitNow} is to put the time at which it began, into the last element, as nanoseconds of CLOCK_MONOTONIC; null: nowhere.
 */
export function tellEndBy(note: Int32Array | null, moments: Float64Array | null): void {
  binding().tellEndBy(note, moments);
}

/** Notes the modes of descriptors 0 to 2 (fcntl and terminal), which are the call's, so that every way out restores them. */
export function noteStdio(): void {
  binding().noteStdio();
}

/** uv_update_time(): the time from which timers count is the present, for a process that has waited outside of its event loop. */
export function refreshTime(): void {
  binding().refreshTime();
}
