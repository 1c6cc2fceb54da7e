import { createRequire } from 'node:module';
import { join } from 'node:path';
import { NativeError, type NativeErrorCode, SystemError } from './errors.js';

/** A thread of this process, as the kernel names it. */
export interface Thread {
  tid: number;
  name: string;
}

/** What the addon exports. Its arguments are resolved by the facade: the native side does not validate twice. */
export interface Binding {
  poll(set: Int32Array, timeoutMs: number): number;
  accept(listener: number): number;
  peerCredentials(fd: number): { pid: number; uid: number; gid: number };
  boundPath(fd: number): string;
  receive(
    fd: number,
    into: Uint8Array,
    maxDescriptors: number,
    flags: number,
  ): { bytes: number; descriptors: number[] };
  peek(fd: number, into: Uint8Array): number;
  queued(fd: number): number;
  send(fd: number, data: Uint8Array, descriptors: number[], flags: number): number;
  shutdown(fd: number, how: number): void;
  close(fd: number): void;
  closeAll(fds: number[]): void;
  duplicateAbove(fd: number, minimum: number): number;
  duplicateTo(from: number, to: number): void;
  installStandard(descriptors: number[]): void;
  statusFlags(fd: number): number;
  setStatusFlags(fd: number, flags: number): void;
  setCloseOnExec(fd: number, on: boolean): void;
  lock(fd: number, operation: number): boolean;
  pipe(): [number, number];
  changeDirectory(fd: number): void;
  wait(pid: number, noHang: boolean): { pid: number; status: number } | null;
  waitChange(pid: number): { kind: 'stopped'; signal: number } | { kind: 'continued' } | null;
  openProcess(pid: number): number;
  setProcessGroup(pid: number, group: number): void;
  setSession(): void;
  setParentDeathSignal(signal: number): void;
  processId(): number;
  parentPid(): number;
  sendSignal(pid: number, signal: number): void;
  resetSignals(): void;
  setAsideSignalHandlers(): void;
  putBackSignalHandlers(): void;
  blockSignals(signals: number[]): void;
  openSignals(signals: number[]): number;
  readSignals(fd: number): number[];
  openWatch(): number;
  addWatch(watch: number, path: string, events: number): number;
  readWatch(watch: number, seen: (number: number, events: number, name: string) => void): number;
  /** All ones where there is no limit. */
  softLimit(resource: number): bigint;
  hardLimit(resource: number): bigint;
  setSoftLimit(resource: number, soft: bigint): void;
  priority(pid: number): number;
  setPriority(nice: number): void;
  affinity(): Uint8Array;
  setAffinity(mask: Uint8Array): void;
  setCommandLine(line: Uint8Array, apart: boolean): void;
  replaceEnvironment(entries: Uint8Array): void;
  setThreadName(name: string): void;
  threadName(): string;
  sendDatagram(path: string, data: Uint8Array): void;
  randomBytes(into: Uint8Array): void;
  socketPair(): [number, number];
  sharedMemory(bytes: number): Uint8Array;
  endRecording(): ArrayBuffer | 'absent' | 'full';

  /** The symbols of Node that are needed and not there; empty when all are. Changes nothing. */
  missingSymbols(): string[];
  /** Puts our pool in the place of the platform's worker threads. */
  takeOverTasks(): void;
  /** Undoes takeOverTasks, once nothing is outstanding. */
  giveBackTasks(): void;
  /** Threads of this process that nobody here knows. */
  threads(): Thread[];
  /** libuv's count of requests that have not been answered. */
  activeRequests(): number;
  /** The pid, 0 in the child, or null when tasks were still outstanding after `waitMs`. */
  fork(waitMs: number): number | null;
  leaveByExitNow(): void;
  setNaturalExitCode(code: number): void;
  tellEndBy(note: Int32Array | null, moments: Float64Array | null): void;
  forgetDelayedTasks(): void;
  exitNow(code: number): never;
  noteStdio(): void;
  refreshTime(): void;
}

interface Addon {
  /** Gives the addon the classes that its errors are made of, and gets its functions. */
  initialise(
    systemError: typeof SystemError,
    nativeError: new (code: NativeErrorCode, message: string) => NativeError,
  ): Binding;
}

/** Where node-gyp leaves the addon, below the package's root. */
const ADDON = 'build/Release/prefork_interp.node';

/** Loads the addon of the package whose root is `root`. */
export function loadBinding(root: string): Binding {
  const path = join(root, ADDON);
  try {
    return (createRequire(path)(path) as Addon).initialise(SystemError, NativeError);
  } catch (cause) {
    throw new NativeError(
      'ERR_PREFORK_ADDON',
      `cannot load ${path}: ${firstLine((cause as Error).message)} (build it with \`npm rebuild prefork-interp\`)`,
      { cause },
    );
  }
}

/** Node lists below the first line who asked for the module. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0] as string;
}

/** The package's root, seen from the folder of the file that holds this code: `dist/` when bundled, `src/` in the sources. */
export function packageRoot(directory: string): string {
  return join(directory, directory.endsWith('native') ? '../..' : '..');
}

let loaded: Binding | undefined;

/**
 * The addon, loaded at first use: a script that was not started by prefork-interp imports this library too, and must
 * not pay for, or fail over, an addon that it never needs.
 */
export function binding(): Binding {
  loaded ??= loadBinding(packageRoot(__dirname));
  return loaded;
}
