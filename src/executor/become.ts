import { writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Core, Request } from '../core.js';
import * as native from '../native.js';
import { REQUEST_LIMIT_MS } from '../server/limits.js';
import type { ForkedCall } from '../server/server.js';
import type { Log } from '../server/syslog.js';
import { setArguments } from './arguments.js';
import { showCommandLine } from './command-line.js';
import { setEnvironment } from './environment.js';
import { seedRandom } from './random.js';
import { type ReceivedRequest, receiveRequest } from './request.js';
import { renewStandardStreams } from './stdio.js';

const SIGKILL = 9;

export interface ExecutorParts {
  readonly core: Core;
  readonly log: Log;
  /** What `process.argv` was when setup started: node, the script if there is one, and the first caller's arguments. */
  readonly startedWith: readonly string[];
  /** The server that this process was forked from. */
  readonly serverPid: number;
  /** What the script's initialisation has made of `process.title`; undefined where it has left it alone. */
  readonly title: string | undefined;
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
  let received: ReceivedRequest;
  try {
    received = receiveRequest(parts.core, forked.connection, REQUEST_LIMIT_MS);
  } catch (error) {
    refuse(parts, forked, error as Error);
  }
  native.close(forked.connection);
  if (forked.setupErrors >= 0) native.close(forked.setupErrors);
  installDescriptors(received.descriptors);
  try {
    takeOn(received.request, parts);
  } catch (error) {
    // From here on the call has a standard error of its own.
    writeSync(
      2,
      `prefork-interp: the call cannot go on in process ${native.processId()}: ${(error as Error).message}\n`,
    );
    throw error;
  }
}

/** The call's environment, arguments and streams, once its descriptors are in place. */
function takeOn(request: Request, parts: ExecutorParts): void {
  native.noteStdio();
  setEnvironment(request.environment);
  setIdentity(request.arguments, parts);
  seedRandom();
  renewStandardStreams();
  native.leaveByExitNow();
  // Last: the named exports of builtin modules (`import { pid } from 'node:process'`) are copies.
  syncBuiltinESMExports();
}

/** A server that is killed takes its executors with it; one that was killed before this call is not our parent any more. */
function dieWithServer({ serverPid }: ExecutorParts): void {
  native.setParentDeathSignal(SIGKILL);
  if (native.parentPid() !== serverPid) native.exitNow(127);
}

/** The server has a copy of the connection: only a shutdown lets the client see the end of it now, and so report it. */
function refuse({ log }: ExecutorParts, { connection, setupErrors }: ForkedCall, error: Error): never {
  log('error', `a call was not served: ${error.message}`);
  if (setupErrors >= 0) {
    native.duplicateTo(setupErrors, 2);
    console.error(`prefork-interp: the initial call was not served: ${error.message}`);
  }
  try {
    native.shutdown(connection, 'both');
  } catch {
    // ENOTCONN: the client has gone, which may be just what was wrong.
  }
  return native.exitNow(127);
}

function installDescriptors(descriptors: readonly [number, number, number]): void {
  for (const [standard, descriptor] of descriptors.entries()) {
    native.duplicateTo(descriptor, standard);
    native.close(descriptor);
  }
}

/** `process.pid` is a constant of Node's. */
function setIdentity(given: readonly Uint8Array[], { startedWith, title }: ExecutorParts): void {
  Object.defineProperty(process, 'pid', { value: native.processId(), enumerable: true, configurable: true });
  setArguments(startedWith, given);
  // What ps(1) shows: as if node had been started with this, or what the script has put in its place.
  const started = [process.argv0, ...process.execArgv].map((word) => Buffer.from(word));
  const shown = title === undefined ? [...started, ...given.slice(1)] : [Buffer.from(title)];
  showCommandLine(shown);
  if (title !== undefined) process.title = title;
}
