/**
 * A place of its own for each test: directory, run directory, scrubbed environment. When the test ends, its run directory is removed, upon which
 * every server and watcher in it has to go by itself; a process that is then still there fails the test.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { cleanEnvironment } from './clean-environment.js';
import { CLIENT, FIXTURES, ROOT } from './paths.js';
import { alive, type Process, processes, processesStartedWith } from './processes.js';
import { type Outcome, Running, type StartOptions } from './running.js';
import { until } from './until.js';

/** By which the processes of a test are found: what a process was started with stays in /proc/PID/environ. */
const MARK = 'PREFORK_TEST_WORKSPACE';

/** What the `#!` line of a script says. */
export interface ScriptOptions {
  /** The program, and what comes before the interpreter. */
  readonly client?: string;
  readonly options?: string;
  readonly interpreter?: string;
}

/** Makes a workspace that is taken down when the current test ends. */
export function workspace(): Workspace {
  const made = new Workspace();
  // A test that failed has not come to the point where it lets its processes go: nothing is to be learnt from waiting for them.
  onTestFinished(({ task }) => made.takeDown(task.result?.state === 'fail' ? 'kill' : 'wait'));
  return made;
}

export class Workspace {
  /** Short: the name of a Unix socket has at most 107 bytes (unix(7)). */
  readonly directory = mkdtempSync(join(tmpdir(), 'pfi-'));
  readonly runDirectory = join(this.directory, 'r');
  readonly env: NodeJS.ProcessEnv = {
    ...cleanEnvironment(this.directory, this.runDirectory),
    [MARK]: this.directory,
  };

  constructor() {
    mkdirSync(this.runDirectory, { mode: 0o700 });
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** An executable script whose `#!` line names the client. */
  script(name: string, source: string, { client = CLIENT, options = '-U', interpreter = 'node' }: ScriptOptions = {}) {
    const path = this.write(name, `#!${client} ${options},${interpreter}\n${source}`);
    chmodSync(path, 0o755);
    return path;
  }

  /** The same, where the interpreter is node with some of its own options. */
  interpreted(name: string, source: string, flags: string): string {
    const path = this.write(name, `#!${CLIENT} -U node ${flags}\n${source}`);
    chmodSync(path, 0o755);
    return path;
  }

  /** The same, of a source in test/fixtures. */
  fixture(name: string, options?: ScriptOptions): string {
    return this.script(name, readFileSync(join(FIXTURES, name), 'utf8'), options);
  }

  /**
   * An interpreter that is node, but not the program of that name: so the client knows no adapter for it, and speaks version 1, in which each
   * directory has a server of its own. The adapter is there all the same.
   */
  versionOneNode(): string {
    const path = this.write('node-shim', `#!/bin/sh\nexec node --require ${ROOT}/dist/adapter.cjs "$@"\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** Makes `import 'prefork-interp'` find this package, as an installation does. */
  installPackage(): void {
    mkdirSync(this.path('node_modules'));
    symlinkSync(ROOT, this.path('node_modules/prefork-interp'));
  }

  start(command: string, args: readonly string[] = [], options: StartOptions = {}): Running {
    return new Running(command, args, { cwd: this.directory, ...options, env: { ...this.env, ...options.env } });
  }

  run(command: string, args: readonly string[] = [], options: StartOptions = {}): Promise<Outcome> {
    return this.start(command, args, options).outcome;
  }

  /** `node script`, as if there were no prefork-interp. */
  plain(script: string, args: readonly string[] = [], options: StartOptions = {}): Promise<Outcome> {
    return this.run('node', [script, ...args], options);
  }

  /** A shell command line; `$1` and so on are `args`. */
  shell(commandLine: string, args: readonly string[] = [], options: StartOptions = {}): Promise<Outcome> {
    return this.run('sh', ['-c', commandLine, 'sh', ...args], options);
  }

  /** Every process that was started from here and runs: a watcher too, which has no environment but names its socket. */
  processes(): Process[] {
    // What was laundered (-L) has lost the mark, but knows where its run directory is.
    const known = [`${MARK}=${this.directory}`, `PREFORK_INTERP_RUN_DIR=${this.runDirectory}`];
    const started = [...processesStartedWith(...known), ...this.watchers()];
    return started.filter(({ pid }) => alive(pid));
  }

  /** The watchers of sockets in the run directory. */
  watchers(): Process[] {
    return processes().filter(({ commandLine }) =>
      commandLine.startsWith(`prefork-interp: watcher ${this.runDirectory}/`),
    );
  }

  /** The servers that run. What one has just forked looks like it for a moment. */
  servers(): Process[] {
    const alike = this.processes().filter(({ commandLine }) => commandLine.startsWith('prefork-interp: server'));
    return alike.filter(({ parent }) => !alike.some(({ pid }) => pid === parent));
  }

  /** The one server that runs. */
  server(): Process {
    const [server, ...others] = this.servers();
    if (!server || others.length > 0) throw new Error(`one server expected: ${describe(this.processes())}`);
    return server;
  }

  /** The sockets and locks in the run directory. */
  rendezvous(): string[] {
    const names = existsSync(this.runDirectory) ? readdirSync(this.runDirectory) : [];
    return names.filter((name) => /^[sl]/.test(name)).sort();
  }

  /** Waits until nothing runs any more, but for what the test itself has started and awaits later. */
  async empty(...except: Running[]): Promise<void> {
    const left = () => this.processes().filter(({ pid }) => !except.some((running) => running.pid === pid));
    await until('every process of the test has ended', () => left().length === 0).catch((error: Error) => {
      throw new Error(`${error.message}: ${describe(left())}`);
    });
  }

  async takeDown(how: 'wait' | 'kill'): Promise<void> {
    try {
      rmSync(this.runDirectory, { recursive: true, force: true });
      if (how === 'wait') await this.empty();
    } finally {
      for (const { pid } of this.processes()) kill(pid);
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has just ended by itself.
  }
}

function describe(found: readonly Process[]): string {
  return found
    .map(({ pid, parent, state, commandLine }) => `${pid} (of ${parent}, ${state}) ${commandLine}`)
    .join('; ');
}
