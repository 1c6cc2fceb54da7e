/** A directory of the bench's own with its run directories, in which all servers live; and its end, after which nothing runs that was started from there. */
import { execFile } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment } from '../support/clean-environment.js';
import { CLIENT } from '../support/paths.js';
import { alive, type Process, processes, processesStartedWith } from '../support/processes.js';
import { until } from '../support/until.js';

/** By which processes are found: what a process was started with stays in /proc/PID/environ. */
const MARK = 'PREFORK_BENCH_PLACE';
const RUN_LIMIT_MS = 120_000;

export class Place {
  /** The run directories whose servers stay what they are. */
  readonly #steady: string[] = [];
  /** Short: the name of a Unix socket has at most 107 bytes (unix(7)). */
  readonly directory = mkdtempSync(join(tmpdir(), 'pfb-'));
  readonly runDirectory = this.makeRunDirectory('r');
  readonly env: NodeJS.ProcessEnv = {
    ...cleanEnvironment(this.directory, this.runDirectory),
    [MARK]: this.directory,
  };
  readonly #ends: (() => void)[] = [];

  path(name: string): string {
    return join(this.directory, name);
  }

  makeRunDirectory(name: string, { steady = true } = {}): string {
    mkdirSync(this.path(name), { mode: 0o700 });
    if (steady) this.#steady.push(this.path(name));
    return this.path(name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** An executable script. With --strict a call that is not served fails, and is not run directly: nothing is taken for warm that is not. */
  script(name: string, source: string, words = '-U,--strict,node', client = CLIENT): string {
    const path = this.write(name, `#!${client} ${words}\n${source}`);
    chmodSync(path, 0o755);
    return path;
  }

  /** Runs a command that is not measured. It has to end well. */
  async run(command: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = this.directory): Promise<string> {
    const [file, ...args] = command as [string, ...string[]];
    const options = { cwd, env: { ...this.env, ...env }, timeout: RUN_LIMIT_MS, killSignal: 'SIGKILL' as const };
    return (await promisify(execFile)(file, args, options)).stdout;
  }

  /** Something to be ended before the directory goes: it knows nothing of run directories. */
  atEnd(end: () => void): void {
    this.#ends.push(end);
  }

  /** What tells one server from the next: name and inode of its socket. Only of those that are to stay. */
  servers(): string[] {
    const sockets = this.#steady.flatMap((directory) =>
      readdirSync(directory)
        .filter((name) => name.startsWith('s'))
        .map((name) => join(directory, name)),
    );
    return sockets.sort().map((path) => `${path} ${lstatSync(path).ino}`);
  }

  /** Every process that was started from here and runs: also watchers and Perl servers, which have no such environment but name a path in here. */
  processes(): Process[] {
    const named = processes().filter(({ commandLine }) => commandLine.includes(`${this.directory}/`));
    const found = new Map(
      [...processesStartedWith(`${MARK}=${this.directory}`), ...named].map((found) => [found.pid, found]),
    );
    return [...found.values()].filter(({ pid }) => alive(pid));
  }

  /** Waits until every server and watcher of a run directory has gone, which was told to. */
  async gone(directory: string): Promise<void> {
    const watchers = () => processes().filter(({ commandLine }) => commandLine.includes(`${directory}/`));
    const left = () => [...processesStartedWith(`PREFORK_INTERP_RUN_DIR=${directory}`), ...watchers()];
    await until('a server has ended', () => !left().some(({ pid }) => alive(pid)));
  }

  /** Without its socket each server goes by itself. One that does not is a fault, and is killed. */
  async takeDown(): Promise<void> {
    for (const end of this.#ends) end();
    rmSync(this.directory, { recursive: true, force: true });
    try {
      await until('every process of the bench has ended', () => this.processes().length === 0);
    } finally {
      for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
      // Whoever was still at it may have written something.
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}
