/** A run directory of its own, the ways to run the outline tool with it, and its end. */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { processesNaming } from './processes.mjs';
import { CLIENT, PROJECT, TOOL } from './project.mjs';

/** A run takes a second or so; one that takes this long hangs. */
const RUN_LIMIT_MS = 60_000;
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;
/** A server that was told to go has only its calls to finish, and there are none. */
const END_LIMIT_MS = 10_000;
const LOOK_AGAIN_MS = 5;

export class Sandbox {
  #directory = mkdtempSync(join(tmpdir(), 'prefork-demo-'));
  #environment = {
    ...process.env,
    // The same Node for all: the plain run's, and the one that the client finds.
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    PREFORK_INTERP_RUN_DIR: this.#directory,
  };

  runPlainly(files) {
    return this.#run('node', [TOOL, ...files]);
  }

  /** The same through prefork-interp: a first call where there is no server, a warm one where there is. */
  runThroughClient(files) {
    return this.#run(CLIENT, ['-U,node', TOOL, ...files]);
  }

  /** A program that does nothing: what this way of running and timing programs costs by itself. */
  runNothing() {
    return this.#run('true', []);
  }

  /** What tells one server from the next: name and inode of its socket. */
  server() {
    const sockets = readdirSync(this.#directory).filter((name) => name.startsWith('s'));
    return sockets.map((name) => `${name} ${lstatSync(join(this.#directory, name)).ino}`).join();
  }

  /** Ends the server, if there is one, and waits until every process of this run directory has ended. */
  async stopServer() {
    this.#run(CLIENT, ['--kill', '-U', 'node', TOOL]);
    const deadline = performance.now() + END_LIMIT_MS;
    for (let left = this.#processes(); left.length > 0; left = this.#processes()) {
      if (performance.now() > deadline) throw new Error(`still running after ${END_LIMIT_MS} ms: ${left.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  async remove() {
    try {
      await this.stopServer();
    } finally {
      for (const pid of this.#processes()) process.kill(pid, 'SIGKILL');
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  #processes() {
    return processesNaming(this.#directory);
  }

  /** Runs a program to its end, and takes the time from before it is started until it has ended and its output is read. */
  #run(program, args) {
    const begin = performance.now();
    const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
      cwd: PROJECT,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RUN_LIMIT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_LIMIT_BYTES,
    });
    const milliseconds = performance.now() - begin;
    const command = [program.replace(PROJECT, ''), ...args.slice(0, 3)].join(' ');
    if (error) throw new Error(`${command}: ${error.message}`);
    if (status !== 0) throw new Error(`${command}: ended with ${signal ?? `status ${status}`}: ${stderr}`);
    return { milliseconds, output: stdout, errors: stderr };
  }
}
