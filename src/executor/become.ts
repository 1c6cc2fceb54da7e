import { openSync, writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Core } from '../core.js';
import * as native from '../native.js';
import { tellBeginning } from '../server/beginnings.js';
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

/**
 * Makes the process that the server has just forked the process of one call: its request, descriptors, arguments,
 * environment, random state. Returns into the script; where the request cannot be had, reports that and ends.
 */
export function becomeExecutor(parts: ExecutorParts, forked: ForkedCall): void {
  dieWithServer(parts);
  native.setProcessGroup(0, 0);
  native.putBackSignalHandlers();
  native.resetSignals();
  native.leaveByExitNow();
  const { from } = forked;
  const connection =
    'channel' in from
      ? awaitCall(parts, from.channel, (call) => {
          prepare(call, parts);
          syncBuiltinESMExports();
        })
      : from.connection;
  const begun = { ...forked, connection };
  if (parts.protocol === 1) becomeRequest(parts, begun);
  else becomeContextCall(parts, begun);
}

/** With the connection to its client. */
type BegunCall = ForkedCall & { readonly connection: number };

/** Version 1: once its request is there a call is begun, and what then goes wrong is told to whoever reads its standard error. */
function becomeRequest(parts: ExecutorParts, forked: BegunCall): void {
  const own = Math.min(parts.startedWith.length, 2);
  const call = attempt(parts, forked, () => receiveRequest(parts.core, forked.connection, REQUEST_LIMIT_MS, own));
  tellBeginning(forked.beginning);
  native.close(forked.connection);
  if (forked.setupErrors >= 0) native.close(forked.setupErrors);
  try {
    takeOn(call, parts);
  } catch (error) {
    writeSync(
      2,
      `prefork-interp: the call cannot go on in process ${native.processId()}: ${(error as Error).message}\n`,
    );
    throw error;
  }
}

/** Version 2: nothing is begun before this process is all that the call is to be. Until then its client can do without it. */
function becomeContextCall(parts: ExecutorParts, forked: BegunCall): void {
  const { connection } = forked;
  attempt(parts, forked, () => {
    takeOn(receiveContextCall(parts.core, connection, REQUEST_LIMIT_MS), parts);
    native.tellEndOn(connection, parts.core.encodeMessage({ kind: 'ended', status: 0 }));
  });
  try {
    native.send(connection, parts.core.encodeMessage({ kind: 'started', pid: native.processId() }));
  } catch {
    // EPIPE: the client has given up waiting, and runs the script itself.
    native.exitNow(0);
  }
  // The connection stays open, for the end to be told on.
  tellBeginning(forked.beginning);
}

/** All that a call is, which can be taken on more than once. */
function prepare(call: IncomingCall, parts: ExecutorParts): void {
  installDescriptors(call.descriptors);
  if (call.context) parts.inherited?.takeOn(call.context, call.script !== null && call.script[0] !== SLASH);
  native.noteStdio();
  setEnvironment(call.environment, parts.changes);
  setIdentity(call, parts);
  seedRandom();
}

function takeOn(call: IncomingCall, parts: ExecutorParts): void {
  prepare(call, parts);
  renewStandardStreams();
  // Last: the named exports of builtin modules (`import { pid } from 'node:process'`) are copies.
  syncBuiltinESMExports();
}

/** A server that is killed takes its executors with it; one that was killed before this call is not our parent any more. */
function dieWithServer({ serverPid }: ExecutorParts): void {
  native.setParentDeathSignal(SIGKILL);
  if (native.parentPid() !== serverPid) native.exitNow(127);
}

/** Does what has to go well before the call is begun; otherwise reports why it did not, and ends. */
function attempt<T>(parts: ExecutorParts, forked: BegunCall, what: () => T): T {
  try {
    return what();
  } catch (error) {
    return refuse(parts, forked, error as Error);
  }
}

/** The server has a copy of the connection: only a shutdown lets the client see the end of it now, and so report it. */
function refuse({ core, log, protocol }: ExecutorParts, { connection, setupErrors }: BegunCall, error: Error): never {
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
  for (const [standard, descriptor] of descriptors.entries()) {
    const from = descriptor ?? openSync('/dev/null', 'r+');
    native.duplicateTo(from, standard);
    native.setCloseOnExec(standard, true);
    native.close(from);
  }
}

/** `process.pid` is a constant of Node's. */
function setIdentity(call: IncomingCall, { startedWith, droppedWords, title }: ExecutorParts): void {
  Object.defineProperty(process, 'pid', { value: native.processId(), enumerable: true, configurable: true });
  setArguments(startedWith, droppedWords, call.arguments);
  // What ps(1) shows: as if node had been started with this, or what the script has put in its place.
  const started = [process.argv0, ...process.execArgv].map((word) => Buffer.from(word));
  const own = call.script === null ? call.arguments : [call.script, ...call.arguments];
  showCommandLine(title === undefined ? [...started, ...own] : [Buffer.from(title)]);
  if (title !== undefined) process.title = title;
}
