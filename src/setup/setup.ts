/** The state of this copy of the library in this process, from its loading to the fork point. */
import { isMainThread } from 'node:worker_threads';
import { watchShared } from '../executor/pristine.js';
import { installRandom } from '../executor/random.js';
import { watchStandardStreams } from '../executor/stdio.js';
import * as native from '../native.js';
import { environmentBefore } from './environment-before.js';
import { beginExamination, type Examination } from './examined.js';
import {
  type ExaminationOrder,
  HANDOVER_VARIABLE,
  type Handover,
  parseExamination,
  parseHandover,
} from './handover.js';
import { type InitialisationOptions, optionsOfLine, type ServerOptions } from './options.js';
import { failSetup, refuseSetup } from './refusal.js';

/** What `process.preforkInterp` is, where prefork-interp started this process: the library's face without an import. */
export interface ProcessFace {
  /** Changes when a copy of this library of another version could not use this face any more. */
  readonly interfaceVersion: number;
  initialisationComplete(options?: InitialisationOptions): void;
  /** Absent in copies that are older than it. */
  dependsOn?(...paths: (string | URL)[]): void;
}

export interface ReadySetup {
  readonly ready: true;
  readonly handover: Handover;
  /** Options of the `#!` line, which go before the script's. */
  readonly options: Partial<ServerOptions>;
  readonly startedWith: readonly string[];
  /** What the process was started with. */
  readonly environment: NodeJS.ProcessEnv;
}

export type Setup =
  | ReadySetup
  /** Why no server can be made of this process. Kept until the script asks for one: until then nothing depends on it. */
  | { readonly ready: false; readonly problem: Error }
  /** No server is to be made, but a report. */
  | { readonly examination: Examination };

let setup: Setup | undefined;

/**
 * Where prefork-interp started this process, and no other copy of this library has begun already, does at once what has to be done
 * before the script's own modules load. True where this copy is (now or since earlier) the one in charge.
 */
export function beginSetup(): boolean {
  if (setup) return true;
  const value = process.env[HANDOVER_VARIABLE];
  if (value === undefined || !isMainThread) return false;
  // What setup starts must not take itself for setup.
  delete process.env[HANDOVER_VARIABLE];
  try {
    const order = parseExamination(value);
    setup = order ? prepareExamination(order) : prepare(parseHandover(value));
  } catch (problem) {
    setup = { ready: false, problem: problem as Error };
  }
  return true;
}

function prepare(handover: Handover): Setup {
  const options = readOptions(handover);
  try {
    native.noteStdio();
    for (const descriptor of [handover.listener, handover.call, handover.watcherInput, handover.watcherErrors]) {
      native.setCloseOnExec(descriptor, true);
    }
    prepareProcess();
  } catch (problem) {
    // Nothing of the script has run yet. Its client can run it without a server, if it is told.
    if (refuseSetup(handover, (problem as Error).message)) process.exit(0);
    throw problem;
  }
  return { ready: true, handover, options, startedWith: [...process.argv], environment: environmentBefore() };
}

/** A mistake in the `#!` line is told as the client tells those that it finds itself: before anything of the script has run. */
function readOptions(handover: Handover): Partial<ServerOptions> {
  try {
    return optionsOfLine(handover.options);
  } catch (problem) {
    return failSetup((problem as Error).message);
  }
}

function prepareExamination({ report, options }: ExaminationOrder): Setup {
  const examination = beginExamination(report);
  try {
    native.setCloseOnExec(report, true);
    optionsOfLine(options);
    prepareProcess();
  } catch (problem) {
    examination.refuse(problem as Error);
  }
  examination.begin();
  return { examination };
}

function prepareProcess(): void {
  requireWebAssembly();
  native.prepareFork();
  watchShared();
  watchStandardStreams();
  installRandom();
}

function requireWebAssembly(): void {
  if (typeof WebAssembly !== 'undefined') return;
  const why = `Node ${process.version} runs without WebAssembly (--jitless), in which the protocol is written`;
  throw new native.NativeError('ERR_PREFORK_NODE_UNSUPPORTED', why);
}

/** Hands out the one setup of this process, once; afterwards this process is an executor, or failed. */
export function takeSetup(): Setup | undefined {
  const taken = setup;
  setup = undefined;
  return taken;
}

/** Whether this copy is in charge, and initialisation is not complete yet. */
export function setupHasBegun(): boolean {
  return setup !== undefined;
}
