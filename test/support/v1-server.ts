/** Scripts of an interpreter of the tests' own that serves v1: test/fixtures/v1-server.c says what calls of them can do. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CLIENT, FIXTURES } from './paths.js';
import type { Process } from './processes.js';
import type { Outcome, Running, StartOptions } from './running.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';

export class V1Script {
  readonly interpreter: string;
  readonly script: string;

  constructor(readonly workspace: Workspace) {
    this.interpreter = workspace.path('v1-server');
    const source = join(FIXTURES, 'v1-server.c');
    if (!existsSync(this.interpreter)) {
      execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', this.interpreter, source]);
    }
    this.script = workspace.write('script', '');
  }

  /** The client's arguments for a call. */
  arguments(call: readonly string[], options: readonly string[] = ['-U']): string[] {
    return [...options, this.interpreter, this.script, ...call];
  }

  start(call: readonly string[], options?: StartOptions): Running {
    return this.workspace.start(CLIENT, this.arguments(call), options);
  }

  run(call: readonly string[], options?: StartOptions): Promise<Outcome> {
    return this.start(call, options).outcome;
  }

  /** How often setup was started. */
  setups(): number {
    return this.#count('log', 'setup');
  }

  /** How often the interpreter was started as if there were no client. */
  directs(): number {
    return this.#count('log', 'direct');
  }

  /** How often what a call asks for was done, by executors or directly. */
  calls(): number {
    return this.#count('calls', 'call');
  }

  #count(extension: string, what: string): number {
    const path = `${this.script}.${extension}`;
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    return lines.filter((line) => line.startsWith(`${what} `)).length;
  }

  /** The process that is the server. */
  async server(): Promise<Process> {
    const { stdout } = await this.run(['pids']);
    const session = Number(stdout.split(' ')[1]);
    return until('the server is found', () => this.workspace.processes().find(({ pid }) => pid === session));
  }

  /** Makes setup wait, until the function that is returned is called. */
  async hold(): Promise<{ release: () => void }> {
    const fifo = `${this.script}.go`;
    execFileSync('mkfifo', [fifo]);
    return { release: () => execFileSync('sh', ['-c', ': > "$1"; rm "$1"', 'sh', fifo]) };
  }

  /** Waits until setup has begun, and says which process it is. */
  setup(): Promise<Process> {
    return until('setup has begun', () => {
      const pids = existsSync(`${this.script}.log`) ? readFileSync(`${this.script}.log`, 'utf8').match(/\d+/g) : null;
      return this.workspace.processes().find(({ pid }) => pid === Number(pids?.at(-1)));
    });
  }
}

/** The client itself failed: status 127, and exactly one line that says what it was about. */
export function expectFailure(outcome: Outcome, ...says: (string | RegExp)[]): void {
  expect(outcome.stderr).toMatch(/^prefork-interp: [^\n]+\n$/);
  for (const part of says) expect(outcome.stderr).toMatch(part);
  expect(outcome).toMatchObject({ status: 127, signal: null, stdout: '' });
}
