/** What `preforkctl doctor` is told by the process that it examines: JSON, as docs/preforkctl.md describes it. */

/** Changes when a reader of this version could not read a report any more. */
export const REPORT_VERSION = 1;

export type FindingKind =
  // A server cannot be made.
  | 'process'
  | 'requests'
  | 'children'
  | 'threads'
  | 'incomplete'
  // Each call gets a copy, or shares it with all others.
  | 'sockets'
  | 'files'
  | 'timers'
  | 'output'
  | 'signals'
  | 'random'
  // Later calls may have another.
  | 'environment'
  | 'directory'
  | 'terminal'
  | 'arguments'
  // Each call pays for it.
  | 'memory';

/** Places in the script's code, by which something came. */
export interface Origin {
  /** The innermost first, each as `FUNCTION (FILE:LINE:COLUMN)` or `FILE:LINE:COLUMN`. */
  readonly stack: readonly string[];
  /** How often it came by these. */
  readonly count: number;
}

export interface Finding {
  readonly kind: FindingKind;
  /** `unsafe`: no server is made. `caution`: one is made, and calls may differ from runs of the script. */
  readonly severity: 'unsafe' | 'caution';
  /** What it is about, where there are several of a kind: a variable's name, a path, a signal. Else null. */
  readonly subject: string | null;
  readonly what: string;
  readonly advice: string;
  /** Empty where it is not known: Node itself, or native code. */
  readonly origins: readonly Origin[];
}

/** Sizes in kilobytes, as process.memoryUsage() has them. */
export interface Memory {
  readonly residentKb: number;
  readonly heapKb: number;
  readonly externalKb: number;
}

/** What a server would be made from, and be stale by. */
export interface Dependencies {
  /** Files that were read. */
  readonly present: number;
  /** Paths that were looked for, where nothing was. */
  readonly absent: number;
}

export interface Report {
  readonly version: typeof REPORT_VERSION;
  /** Whether the script has called its initialisation complete. */
  readonly complete: boolean;
  readonly findings: readonly Finding[];
  readonly memory: Memory;
  /** Null where it did not come to that. */
  readonly dependencies: Dependencies | null;
}
