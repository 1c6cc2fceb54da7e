import { openSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import type { Core } from '../core.js';
import { loadCore } from '../core-bytes.js';
import { droppedFromFront } from '../executor/arguments.js';
import { becomeExecutor, type ExecutorParts } from '../executor/become.js';
import { commandLineOf, showCommandLine } from '../executor/command-line.js';
import { InheritedContext } from '../executor/context.js';
import { rehearseOutput } from '../executor/output-rehearsal.js';
import { isSharedPristine } from '../executor/pristine.js';
import { exhaustCachedEntropy } from '../executor/random.js';
import { Rehearsal } from '../executor/rehearsal.js';
import * as native from '../native.js';
import { EventLog } from '../server/event-log.js';
import { Server } from '../server/server.js';
import { Staleness } from '../server/staleness.js';
import { type Log, openSyslog } from '../server/syslog.js';
import { WarmUp } from '../server/warm-up.js';
import { takeDependencies } from './dependencies.js';
import { environmentChanges } from './environment-changes.js';
import type { Examination } from './examined.js';
import { checkForkPoint } from './fork-point.js';
import type { Handover } from './handover.js';
import { completeOptions, type InitialisationOptions, type ServerOptions } from './options.js';
import { refuseSetup } from './refusal.js';
import { type ReadySetup, takeSetup } from './setup.js';

/** The status of a process of this library's own that failed. Whoever waits for it tells the client. */
const FAILED = 127;

/** What a server is made of, as the script left it. */
interface Ready {
  readonly setup: ReadySetup;
  readonly options: ServerOptions;
  readonly core: Core;
  readonly staleness: Staleness;
  /** Why {@link staleness} is not of all that initialisation has read. */
  readonly gap: string | undefined;
  readonly title: string | undefined;
  /** `/dev/null`. */
  readonly nothing: number;
}

/**
 * Makes a server of this process. In the process that the client started it does not return: that one forks the server, and ends. In
 * the server it does not return either. In each executor it returns, and the rest of the script is that call's.
 */
export function completeSetup(given: InitialisationOptions | undefined): void {
  const options = completeOptions(given);
  const setup = takeSetup();
  if (!setup) return;
  if ('examination' in setup) {
    const examination: Examination = setup.examination;
    examination.complete();
  }
  if (!setup.ready) throw setup.problem;
  checkForkPoint();
  let ready: Ready;
  try {
    ready = makeReady(setup, { ...options, ...setup.options });
    if (native.fork() > 0) native.exitNow(0);
  } catch (error) {
    // Not the script's fault: its client can run it without a server, if it is told. No listener of the script's is to run here.
    if (refuseSetup(setup.handover, (error as Error).message)) native.exitNow(0);
    throw error;
  }
  becomeServer(ready);
}

/** Here, where what fails can still be told. */
function makeReady(setup: ReadySetup, options: ServerOptions): Ready {
  exhaustCachedEntropy();
  const { stampNs, socket } = setup.handover;
  const { all, gap } = takeDependencies(socket && dirname(socket));
  return {
    setup,
    options,
    core: loadCore(),
    staleness: new Staleness(all, stampNs),
    gap,
    title: process.title === process.argv0 ? undefined : process.title,
    nothing: openSync('/dev/null', 'r+'),
  };
}

/** In the process that is to be the server: returns in each executor. */
function becomeServer({ setup, options, core, staleness, gap, title, nothing }: Ready): void {
  const { handover, startedWith } = setup;
  const { protocol } = handover;
  const script = startedWith[1] ?? process.execPath;
  const events = new EventLog(native.boundPath(handover.listener), script);
  const syslog = openSyslog(options.logFacility, script);
  const log: Log = (level, message) => {
    syslog(level, message);
    events.log(level, message);
  };
  const droppedWords = droppedFromFront(startedWith, process.argv);
  const changes = environmentChanges(setup.environment, { ...process.env });
  const serverPid = native.processId();
  let server: Server | undefined;
  try {
    const setupErrors = becomeDaemon(script, nothing, handover);
    events.begin();
    if (gap !== undefined) events.log('info', `only a change of its modules will be noticed: ${gap}`);
    const inherited = protocol === 2 ? new InheritedContext() : undefined;
    // For this process and all that are forked from it: whatever else ends them, none joins threads that it does not have.
    native.leaveByExitNow();
    native.forgetDelayedTasks();
    const call = { core, log, protocol, startedWith, droppedWords, title, changes, inherited };
    const parts: ExecutorParts = { ...call, serverPid };
    const rehearsal = isSharedPristine() ? new Rehearsal(parts) : undefined;
    const rehearsals = rehearsal ? [rehearseOutput, native.rehearseNaturalExit, syncBuiltinESMExports] : [];
    const warmUp = new WarmUp(rehearsals, () => rehearsal?.run('server'), log);
    server = new Server({ core, log, staleness, script, setupErrors, warmUp }, handover, options);
    becomeExecutor(parts, server.serve(), rehearsal);
  } catch (error) {
    // Thrown on, it would be caught by the script, or run its handlers, in a process that is no call.
    log('error', `process ${native.processId()} gives up: ${(error as Error).stack ?? error}`);
    // Nothing has begun yet: the client can run the script without a server.
    if (native.processId() === serverPid && !server?.hasServed) refuseSetup(handover, (error as Error).message);
    native.exitNow(FAILED);
  }
}

/**
 * Leaves the caller's session and directory and puts `nothing` in the place of its descriptors: a server that held them would keep the caller's pipes
 * open. Returns a copy of standard error, for trouble with the initial call; -1 where it is closed, or the client tells of such trouble itself.
 */
function becomeDaemon(script: string, nothing: number, { protocol }: Handover): number {
  native.setSession();
  Object.defineProperty(process, 'pid', { value: native.processId(), enumerable: true, configurable: true });
  // A handler of the script's would only note the signal, for a loop that never runs in the server: kill(1) must end it.
  native.setAsideSignalHandlers();
  // In version 1 the working directory is the same for all callers, and what a call has is what the server has.
  if (protocol === 2) process.chdir('/');
  let setupErrors = -1;
  try {
    if (protocol === 1) setupErrors = native.duplicateAbove(2, 3);
  } catch {
    // EBADF: the first caller has closed it.
  }
  for (const standard of [0, 1, 2]) native.duplicateTo(nothing, standard);
  if (nothing > 2) native.close(nothing);
  showCommandLine(commandLineOf('server', script), true);
  return setupErrors;
}
