import { openSync } from 'node:fs';
import { loadCore } from '../core-bytes.js';
import { becomeExecutor } from '../executor/become.js';
import { showCommandLine } from '../executor/command-line.js';
import { exhaustCachedEntropy } from '../executor/random.js';
import { loadedFiles } from '../interpreters/node/loaded-files.js';
import * as native from '../native.js';
import { Server } from '../server/server.js';
import { Staleness } from '../server/staleness.js';
import { openSyslog } from '../server/syslog.js';
import { checkForkPoint } from './fork-point.js';
import { completeOptions, type InitialisationOptions } from './options.js';
import { takeSetup } from './setup.js';

/** The status of a process of this library's own that failed. Whoever waits for it tells the client. */
const FAILED = 127;

/**
 * Makes a server of this process. In the process that the client started it does not return: that one forks the server, and ends. In
 * the server it does not return either. In each executor it returns, and the rest of the script is that call's.
 */
export function completeSetup(given: InitialisationOptions | undefined): void {
  const options = completeOptions(given);
  const setup = takeSetup();
  if (!setup) return;
  if (!setup.ready) throw setup.problem;
  const { handover, startedWith } = setup;
  const script = startedWith[1];
  const title = process.title === process.argv0 ? undefined : process.title;
  checkForkPoint();
  exhaustCachedEntropy();
  const core = loadCore();
  const { files, links } = loadedFiles();
  const staleness = new Staleness(files, handover.stampNs, links);
  // Here, where what fails is still the script's to see.
  const nothing = openSync('/dev/null', 'r+');
  if (native.fork() > 0) native.exitNow(0);

  const log = openSyslog(options.logFacility, script ?? process.execPath);
  try {
    const setupErrors = becomeDaemon(script, nothing);
    const serverPid = native.processId();
    const forked = new Server({ core, log, staleness, setupErrors }, handover, options).serve();
    becomeExecutor({ core, log, serverPid, startedWith, title }, forked);
  } catch (error) {
    // Thrown on, it would be caught by the script, or run its handlers, in a process that is no call.
    log('error', `process ${native.processId()} gives up: ${(error as Error).stack ?? error}`);
    native.exitNow(FAILED);
  }
}

/**
 * Leaves the caller's session and puts `nothing` in the place of its descriptors: a server that held them would keep the caller's pipes open. Returns a
 * copy of standard error, for trouble with the initial call; -1 where it is closed.
 */
function becomeDaemon(script: string | undefined, nothing: number): number {
  native.setSession();
  Object.defineProperty(process, 'pid', { value: native.processId(), enumerable: true, configurable: true });
  // A handler of the script's would only note the signal, for a loop that never runs in the server: kill(1) must end it.
  native.setAsideSignalHandlers();
  let setupErrors = -1;
  try {
    setupErrors = native.duplicateAbove(2, 3);
  } catch {
    // EBADF: the first caller has closed it.
  }
  for (const standard of [0, 1, 2]) native.duplicateTo(nothing, standard);
  if (nothing > 2) native.close(nothing);
  showCommandLine([Buffer.from(`prefork-interp: server ${script ?? process.execPath}`)]);
  return setupErrors;
}
