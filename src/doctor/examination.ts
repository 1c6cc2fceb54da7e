/**
 * The examination of a setup: begun before the script is loaded, ended at its fork point with a report. Built as a file of its own (dist/doctor.cjs),
 * for it is of no use to any other setup.
 */
import { fstatSync, writeSync } from 'node:fs';
import { contextFindings, watchContext } from './context-reads.js';
import { measureMemory, memoryFindings } from './memory.js';
import { synchroniseExports } from './nodes-own.js';
import { fileFindings, watchFiles } from './open-files.js';
import { outputFindings, watchOutput } from './output.js';
import { randomFindings, watchRandom } from './random-draws.js';
import { type Dependencies, type Finding, type Origin, REPORT_VERSION, type Report } from './report.js';
import { originsOfChildren, originsOfRequests, originsOfThreads, timerFindings, watchResources } from './resources.js';
import { signalFindings, watchSignals } from './signal-listeners.js';

/** Of the library, which is in a bundle of its own. */
export interface Library {
  /** Ends the process at once, without running anything of the script's. */
  exit(code: number): never;
  /** What keeps a server from being made of this process as it is. */
  findUnsafe(): readonly {
    readonly kind: 'requests' | 'children' | 'threads';
    readonly what: string;
    readonly advice: string;
  }[];
  /** Does what else is done at a fork point, as far as it can fail, forks once, and returns what the server would depend on. */
  tryRest(): Dependencies;
}

const ORIGINS: Readonly<Record<'requests' | 'children' | 'threads', () => Origin[]>> = {
  requests: originsOfRequests,
  children: originsOfChildren,
  threads: originsOfThreads,
};

export class Examination {
  readonly #descriptor: number;
  readonly #library: Library;
  readonly #inode: bigint | undefined;
  #reported = false;

  /** The report will go to `descriptor`. */
  constructor(descriptor: number, library: Library) {
    this.#descriptor = descriptor;
    this.#library = library;
    this.#inode = inodeOf(descriptor);
  }

  /** Begins to notice what is done: to be called when only the script does anything more. */
  begin(): void {
    watchResources();
    watchOutput();
    watchFiles();
    watchRandom();
    watchSignals();
    watchContext();
    synchroniseExports();
    process.on('exit', () => this.#endIncomplete());
  }

  /** Setup has failed before the script was loaded. Does not return. */
  refuse(problem: Error): never {
    this.#report(false, [noProcess(problem)]);
    this.#library.exit(0);
  }

  /** At the fork point: writes the report. Does not return. */
  complete(): never {
    const found: Finding[] = this.#library
      .findUnsafe()
      .map(({ kind, what, advice }) => ({ ...unsafe(kind, what, advice), origins: ORIGINS[kind]() }));
    // Before anything else is done here: that would be found, too.
    const cautions = this.#findCautions();
    let dependencies: Dependencies | null = null;
    try {
      if (found.length === 0) dependencies = this.#library.tryRest();
    } catch (error) {
      found.push(noProcess(error as Error));
    }
    this.#report(true, [...found, ...cautions], dependencies);
    this.#library.exit(0);
  }

  #endIncomplete(): void {
    const what = 'the script has ended without calling initialisationComplete()';
    const advice =
      'call it when everything is loaded that all calls have in common; until then each call runs all of the script';
    this.#report(false, [unsafe('incomplete', what, advice)]);
  }

  #findCautions(): Finding[] {
    return [
      ...fileFindings(),
      ...timerFindings(),
      ...outputFindings(),
      ...signalFindings(),
      ...randomFindings(),
      ...contextFindings(),
      ...memoryFindings(measureMemory()),
    ];
  }

  #report(complete: boolean, findings: readonly Finding[], dependencies: Dependencies | null = null): void {
    if (this.#reported) return;
    this.#reported = true;
    const report: Report = { version: REPORT_VERSION, complete, findings, memory: measureMemory(), dependencies };
    if (inodeOf(this.#descriptor) !== this.#inode) {
      const what = `the script has closed descriptor ${this.#descriptor}, to which the report was to go`;
      writeSync(2, `prefork-interp: ${what}; it must leave alone what it has not opened\n`);
      return;
    }
    // A line, so that its end is seen while something that the script has started still has the descriptor.
    const bytes = Buffer.from(`${JSON.stringify(report)}\n`);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
  }
}

/** Undefined where it is closed. */
function inodeOf(descriptor: number): bigint | undefined {
  try {
    return fstatSync(descriptor, { bigint: true }).ino;
  } catch {
    return undefined;
  }
}

/** What keeps this process from being forked, whatever the script does. */
function noProcess({ message }: Error): Finding {
  return unsafe('process', message, 'until that is mended no server is made');
}

function unsafe(kind: Finding['kind'], what: string, advice: string): Finding {
  return { kind, severity: 'unsafe', subject: null, what, advice, origins: [] };
}
