import { openSync, writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import {
  MOMENT_EXECUTOR_CONNECTED,
  MOMENT_EXECUTOR_READY,
  MOMENT_EXECUTOR_RECEIVED,
  MOMENT_EXECUTOR_SCRIPT,
  MOMENT_EXECUTOR_TOLD,
} from '../../assembly/constants.js';
import type { Core } from '../core.js';
import * as native from '../native.js';
import { tellBeginning } from '../server/beginnings.js';
import { type ExecutorMoments, noteMoment } from '../server/call-trace.js';
import { REQUEST_LIMIT_MS } from '../server/limits.js';
import type { ForkedCall } from '../server/server.js';
import type { Log } from '../server/syslog.js';
import type { EnvironmentChanges } from '../setup/environment-changes.js';
import { setArguments } from './arguments.js';
import { showCommandLine } from './command-line.js';
import type { InheritedContext } from './context.js';
import { receiveContextCall } from './context-call.js';
import { setEnvironment } from './environment.js';
import type { IncomingCall } from './incoming.js';
import { seedRandom } from './random.js';
import type { Rehearsal } from './rehearsal.js';
import { receiveRequest } from './request.js';
import { awaitCall } from './spare.js';
import { renewStandardStreams } from './stdio.js';

const SIGKILL = 9;
const SLASH = 0x2f;

export interface ExecutorParts {
  readonly core: Core;
  readonly log: Log;
  /** What is spoken with the client. */
  readonly protocol: 1 | 2;
  /** What `process.argv` was when setup started: node, the script if there is one, and what arguments setup was given. */
  readonly startedWith: readonly string[];
  /** The server that this process was forked from. */
  readonly serverPid: number;
  /** How many words initialisation has taken off the front of `process.argv`. */
  readonly droppedWords: number;
  /** What the script's initialisation has made of `process.title`; undefined where it has left it alone. */
  readonly title: string | undefined;
  /** What it has made of `process.env`. */
  readonly changes: EnvironmentChanges;
  /** Version 2: what this process has from the server, where a call says nothing else. */
  readonly inherited: InheritedContext | undefined;
}

/** A call whose client has connected. */
export interface BegunCall {
  readonly connection: number;
  /** By which the server is told that the script begins. */
  readonly beginning: number;
  /** Where trouble is to be told besides the log; -1: nowhere. */
  readonly setupErrors: number;
  /** By which the server is told of the end, ahead of it; null: not at all. */
  readonly note: Int32Array | null;
  /** Where its moments are noted; null: it is not traced. */
  readonly moments: ExecutorMoments | null;
  /** Undefined for a real one. Else what ps(1) is to show; and streams that initialisation has used stay as they are. */
  readonly rehearsedBy: readonly Uint8Array[] | undefined;
  /** What to do where the call cannot be begun. */
  refuse(error: Error): never;
}

/**
 * Makes the process that the server has just forked the process of one call: its request, descriptors, arguments,
 * environment, random state. Returns into the script; where the request cannot be had, reports that and ends.
 */
export function becomeExecutor(parts: ExecutorParts, forked: ForkedCall, rehearsal: Rehearsal | undefined): void {
  dieWithServer(parts);
  native.setProcessGroup(0, 0);
  native.putBackSignalHandlers();
  native.resetSignals();
  const { from, beginning, setupErrors, note } = forked;
  setProcessId();
  const { connection, traced } = 'channel' in from ? awaitCall(parts, from.channel, rehearsal) : from;
  const moments = traced ? forked.moments : null;
  noteMoment(moments, MOMENT_EXECUTOR_CONNECTED);
  const call = { connection, beginning, setupErrors, note, moments, rehearsedBy: undefined };
  begin(parts, { ...call, refuse: (error) => refuse(parts, call, error) });
  native.close(connection);
  if (setupErrors >= 0) native.close(setupErrors);
  noteMoment(moments, MOMENT_EXECUTOR_SCRIPT);
}

/** All that comes between the connection and the script. It is done for real once in a process, and any number of times before to learn it (rehearsal.ts). */
export function begin(parts: ExecutorParts, call: BegunCall): void {
  if (parts.protocol === 1) beginRequest(parts, call);
  else beginContextCall(parts, call);
}

/** Version 1: once its request is there a call is begun, and what then goes wrong is told to whoever reads its standard error. */
function beginRequest(parts: ExecutorParts, begun: BegunCall): void {
  const { connection, beginning } = begun;
  const own = Math.min(parts.startedWith.length, 2);
  let call: IncomingCall;
  try {
    call = receiveRequest(parts.core, connection, REQUEST_LIMIT_MS, own);
  } catch (error) {
    begun.refuse(error as Error);
  }
  tellBeginning(beginning);
  try {
    takeOn(call, parts, begun.rehearsedBy);
  } catch (error) {
    writeSync(
      2,
      `prefork-interp: the call cannot go on in process ${native.processId()}: ${(error as Error).message}\n`,
    );
    throw error;
  }
}

/** Version 2: nothing is begun before this process is all that the call is to be. Until then its client can do without it. */
function beginContextCall(parts: ExecutorParts, begun: BegunCall): void {
  const { core } = parts;
  const { connection, note, moments } = begun;
  try {
    const call = receiveContextCall(core, connection, REQUEST_LIMIT_MS);
    noteMoment(moments, MOMENT_EXECUTOR_RECEIVED);
    takeOn(call, parts, begun.rehearsedBy);
    native.tellEndBy(note, moments);
    noteMoment(moments, MOMENT_EXECUTOR_READY);
  } catch (error) {
    begun.refuse(error as Error);
  }
  try {
    native.send(connection, core.encodeMessage({ kind: 'started', pid: native.processId() }));
  } catch {
    // EPIPE: the client has given up waiting, and runs the script itself.
    native.exitNow(0);
  }
  noteMoment(moments, MOMENT_EXECUTOR_TOLD);
  tellBeginning(begun.beginning);
}

function takeOn(call: IncomingCall, parts: ExecutorParts, rehearsedBy: BegunCall['rehearsedBy']): void {
  installDescriptors(call.descriptors);
  if (call.context) parts.inherited?.takeOn(call.context, call.script !== null && call.script[0] !== SLASH);
  native.noteStdio();
  setEnvironment(call.environment, parts.changes);
  setIdentity(call, parts, rehearsedBy);
  seedRandom();
  renewStandardStreams(rehearsedBy !== undefined);
}

/** A server that is killed takes its executors with it; one that was killed before this call is not our parent any more. */
function dieWithServer({ serverPid }: ExecutorParts): void {
  native.setParentDeathSignal(SIGKILL);
  if (native.parentPid() !== serverPid) native.exitNow(127);
}

/** The server has a copy of the connection: only a shutdown lets the client see the end of it now, and so report it. */
function refuse({ core, log, protocol }: ExecutorParts, call: Omit<BegunCall, 'refuse'>, error: Error): never {
  const { connection, setupErrors } = call;
  log('error', `a call was not served: ${error.message}`);
  if (setupErrors >= 0) {
    writeSync(setupErrors, `prefork-interp: the initial call was not served: ${error.message}\n`);
  }
  try {
    if (protocol === 2) native.send(connection, core.encodeMessage({ kind: 'refused', reason: error.message }));
    native.shutdown(connection, 'both');
  } catch {
    // ENOTCONN, EPIPE: the client has gone, which may be just what was wrong.
  }
  return native.exitNow(127);
}

/**
 * What the client has not open Node opens when it starts, so that nothing else is opened in its place (PlatformInit in src/node.cc). All
 * three are close-on-exec, as Node makes them (uv_disable_stdio_inheritance): what a child process gets is said when it is started.
 */
function installDescriptors(descriptors: IncomingCall['descriptors']): void {
  native.installStandard(descriptors.map((descriptor) => descriptor ?? openSync('/dev/null', 'r+')));
}

/** `process.pid` is a constant of Node's, and the named exports of builtin modules (`import { pid, title } from 'node:process'`) are copies. */
function setProcessId(): void {
  const value = native.processId();
  if (process.pid === value) return;
  Object.defineProperty(process, 'pid', { value, enumerable: true, configurable: true });
  syncBuiltinESMExports();
}

function setIdentity(call: IncomingCall, parts: ExecutorParts, rehearsedBy: BegunCall['rehearsedBy']): void {
  const { startedWith, droppedWords, title } = parts;
  setArguments(startedWith, droppedWords, call.arguments);
  // What ps(1) shows: as if node had been started with this, or what the script has put in its place.
  const started = [process.argv0, ...process.execArgv].map((word) => Buffer.from(word));
  const own = call.script === null ? call.arguments : [call.script, ...call.arguments];
  const words = title === undefined ? [...started, ...own] : [Buffer.from(title)];
  showCommandLine(rehearsedBy ?? words, rehearsedBy !== undefined);
  setProcessId();
  if (title === undefined || rehearsedBy) return;
  process.title = title;
  syncBuiltinESMExports();
}
