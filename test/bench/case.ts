/** What the bench runs: cases, in sections that are measured together. */
import type { Place } from './place.js';

/** Back to back is how a loop calls; with a rest of 20 ms, in which caches and processors go cold, is how people do. */
export const MODES = { 'back to back': 0, rested: 20_000 } as const;
export type Mode = keyof typeof MODES;

export interface Case {
  /** As `--only` and the limits name it. */
  readonly name: string;
  readonly title: string;
  readonly command: readonly string[];
  /** Calls in one round, for each way of calling. One that is left out is not measured. */
  readonly calls: Partial<Record<Mode, number>>;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs the command that follows it. */
  readonly inside?: readonly string[];
  /** How many call at once; 1 if not given. */
  readonly callers?: number;
  /** Done once, before anything is measured: a server is started, say. */
  start?(): Promise<unknown>;
  /** Done before each round's calls, and not measured. */
  prepare?(): Promise<unknown>;
  /** Every case with the same word here has to say the same. */
  readonly says?: string;
}

export interface Section {
  readonly name: string;
  readonly title: string;
  /** Fills a place of its own with scripts and so on. */
  cases(place: Place, quick: boolean): Promise<Case[]> | Case[];
  readonly rounds: { readonly full: number; readonly quick: number };
}

/** Programs to compare with that this machine does not have. Named in every report. */
export class Absent {
  readonly #names: string[] = [];

  note(name: string): void {
    if (!this.#names.includes(name)) this.#names.push(name);
  }

  get names(): readonly string[] {
    return this.#names;
  }
}
