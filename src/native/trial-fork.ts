import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import { binding } from './binding.js';
import { NativeError } from './errors.js';

/** What the trial's child leaves with when everything worked: no crash and no interpreter ends with it by accident. */
const PROVED = 97;
/** A trial takes some 50 ms; one that hangs is found out by this. */
const TRIAL_LIMIT_MS = 10_000;
const POLLIN = 1;

/**
 * Forks once and lets the child use what a wrong fork breaks: heap, collector, compilers, a second isolate, a fork of
 * its own.
 *
 * For a version of Node on which the fork checks were never run. What needs the event loop is not tried: the child
 * would run the script's own timers and sockets.
 */
export function trialFork(fork: () => number, limitMs = TRIAL_LIMIT_MS): void {
  const pid = fork();
  if (pid === 0) runTrial(fork, limitMs);
  const status = waitWithin(pid, limitMs);
  if (status !== PROVED << 8) {
    const outcome = status === null ? `did not end within ${limitMs} ms` : `ended with wait status ${status}`;
    throw new NativeError(
      'ERR_PREFORK_NODE_UNSUPPORTED',
      `Node ${process.version} cannot be forked: it is not a tested version, and the child of a trial fork ${outcome}`,
    );
  }
}

function waitWithin(pid: number, limitMs: number): number | null {
  const pidfd = binding().openProcess(pid);
  const ended = binding().poll(Int32Array.of(pidfd, POLLIN, 0), limitMs) > 0;
  binding().close(pidfd);
  if (!ended) binding().sendSignal(pid, constants.signals.SIGKILL);
  const status = binding().wait(pid, false)?.status ?? null;
  return ended ? status : null;
}

function runTrial(fork: () => number, limitMs: number): never {
  let code = 1;
  try {
    silence();
    compileAndCollect();
    startIsolate(limitMs / 2);
    const pid = fork();
    if (pid === 0) binding().exitNow(0);
    if (waitWithin(pid, limitMs / 2) === 0) code = PROVED;
  } catch {
    // The code says that it failed; nobody reads more of a trial.
  }
  return binding().exitNow(code);
}

/** What a dying engine prints belongs to the trial, not to the script's caller. */
function silence(): void {
  const nothing = openSync('/dev/null', 'r+');
  for (const fd of [0, 1, 2]) binding().duplicateTo(nothing, fd);
  if (nothing > 2) closeSync(nothing);
}

/** Functions made hot enough for every compiler, over enough garbage for several full collections. */
function compileAndCollect(): void {
  const kept: object[] = [];
  for (let round = 0; round < 20; round++) {
    const hot = new Function('n', `let s = ${round}; for (let i = 0; i < n; i++) s = (s * 31 + i) | 0; return { s };`);
    for (let i = 0; i < 20_000; i++) kept[i] = { hot: hot(50), text: `${round}.${i}` };
  }
}

/** A worker thread runs JavaScript of its own: a second isolate on the same platform. */
function startIsolate(limitMs: number): void {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const source =
    "const { workerData: f } = require('node:worker_threads'); Atomics.store(f, 0, 1); Atomics.notify(f, 0);";
  new Worker(source, { eval: true, workerData: flag, execArgv: [] });
  if (Atomics.wait(flag, 0, 0, limitMs) === 'timed-out') throw new Error('no second isolate');
}
