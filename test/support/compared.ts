/** One caller, two calls: what `node SCRIPT` finds of its context, and what the same script finds that is served by prefork-interp. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type ContextReport, differences } from './context-report.js';
import { inContext } from './in-context.js';
import type { Outcome } from './running.js';
import type { Workspace } from './workspace.js';

/** Who calls. */
export interface Caller {
  /** What it has set up for the call: options of test/native/in-context. */
  readonly context?: readonly string[];
  /** A line of sh(1), in which `exec "$@"` is the call: umask, redirections. */
  readonly shell?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  /** How it names the script; and what the kernel makes of that, which is what node gets, where it looks along PATH. */
  readonly word?: string;
  readonly found?: string;
}

/** `-U`, and nothing is run directly: what a call finds would then be right for another reason. */
export const SERVED = { options: '-U,--strict' };

/** The command line of a call, in the context of its caller. */
export function commandOf({ context = [], shell = 'exec "$@"' }: Caller, command: readonly string[]): string[] {
  return ['sh', '-c', shell, 'sh', ...inContext(context, command)];
}

export class Compared {
  readonly #w: Workspace;
  readonly #script: string;
  readonly #reportFile: string;

  /** `script`: the path of test/fixtures/context-report.mjs, made a script of this workspace; `directory`: one in which callers may write. */
  constructor(w: Workspace, script: string, directory = w.directory) {
    this.#w = w;
    this.#script = script;
    this.#reportFile = join(directory, 'report');
    w.env['REPORT_FILE'] = this.#reportFile;
  }

  plain(caller: Caller): Promise<ContextReport> {
    return this.#report(caller, ['node', caller.found ?? caller.word ?? this.#script]);
  }

  warm(caller: Caller): Promise<ContextReport> {
    return this.#report(caller, [caller.word ?? this.#script]);
  }

  /** Where the two differ, as lines that begin with what it is; and the process that served the call. */
  async compare(caller: Caller): Promise<{ differences: string[]; plain: ContextReport; server: number }> {
    const plain = await this.plain(caller);
    const warm = await this.warm(caller);
    return { differences: differences(plain, warm), plain, server: warm['parent'] as number };
  }

  async #report(caller: Caller, command: readonly string[]): Promise<ContextReport> {
    const outcome = await this.#run(caller, [...command, ...(caller.args ?? [])]);
    expect(outcome, outcome.stderr).toMatchObject({ status: 0, signal: null });
    const report = JSON.parse(readFileSync(this.#reportFile, 'utf8')) as ContextReport;
    rmSync(this.#reportFile);
    return { ...report, errors: outcome.stderr };
  }

  #run(caller: Caller, command: readonly string[]): Promise<Outcome> {
    const { cwd, env } = caller;
    const [program, ...rest] = commandOf(caller, command) as [string, ...string[]];
    return this.#w.run(program, rest, { ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) });
  }
}
