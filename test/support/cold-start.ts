/** A first call, and the scripts that it can be of. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { CLIENT } from './paths.js';
import type { Outcome, Running, StartOptions } from './running.js';
import type { Workspace } from './workspace.js';

/** With which the scripts below end that come to their end. */
export const DONE = 3;
const READY = 'process.preforkInterp?.initialisationComplete({ idleTimeoutSeconds: 3 });';
const DONE_AND_SAYS_WHO = `console.log('served by', process.ppid); process.exitCode = ${DONE};`;
/** Initialisation says that it is there, and goes on when the file is there that GO names. */
const WAITS = `console.error('here', process.pid);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let turn = 0; turn < 6000 && !require('fs').existsSync(process.env.GO); turn++) Atomics.wait(pause, 0, 0, 5);`;

const SCRIPTS: Readonly<Record<string, string>> = {
  'done.cjs': `${READY} ${DONE_AND_SAYS_WHO}`,
  'stays.cjs': `process.preforkInterp?.initialisationComplete(); ${DONE_AND_SAYS_WHO}`,
  'waits.cjs': `${WAITS} ${READY} ${DONE_AND_SAYS_WHO}`,
  'throws.cjs': `throw new Error('in vain'); ${READY}`,
  'rejects.cjs': `Promise.reject(new Error('in vain')); setImmediate(() => { ${READY} });`,
  'syntax.cjs': `const = 3; ${READY}`,
  'exits.cjs': `process.exit(9); ${READY}`,
  'kills-itself.cjs': `process.kill(process.pid, process.argv[2]); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30000);`,
  'completes.cjs': `console.log('it was all');`,
  'throws-later.cjs': `${READY} throw new Error('too late');`,
  'never-ends.cjs': `${READY} console.log('here', process.ppid); process.stdin.resume(); setInterval(() => {}, 1000);`,
  'thread.cjs': `new (require('worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true }).on('online', () => { ${READY} });`,
  'request.cjs': `require('crypto').pbkdf2('a', 'b', 2e5, 64, 'sha512', () => {}); ${READY}`,
  'child.cjs': `require('child_process').spawn('cat'); ${READY}`,
  'options.cjs': 'process.preforkInterp.initialisationComplete({ maxServers: 0 });',
};

/** Writes the scripts, and interpreters that are none. */
export function prepareColdStarts(w: Workspace): void {
  for (const [name, source] of Object.entries(SCRIPTS)) w.write(name, source);
  w.write('not-executable', '#!/bin/sh\n');
  chmodSync(w.write('no-program', '\u007fnothing'), 0o755);
  w.versionOneNode();
  mkdirSync(w.path('go'));
}

/** One first call of its own ident, by its number. */
export class ColdStart {
  readonly ident: string;
  readonly #go: string;

  constructor(
    readonly w: Workspace,
    readonly number: number,
  ) {
    this.ident = `g${number}`;
    this.#go = w.path(`go/${number}`);
  }

  /** The client's arguments. */
  words(script: string, { options = [], interpreter = 'node', args = [] }: Words = {}): string[] {
    return ['-U', '-g', this.ident, ...options, interpreter, this.w.path(script), ...args];
  }

  start(script: string, words?: Words, start: StartOptions = {}): Running {
    return this.w.start(CLIENT, this.words(script, words), { ...start, env: { GO: this.#go, ...start.env } });
  }

  async ends(script: string, expected: Partial<Outcome>, words?: Words, start?: StartOptions): Promise<Outcome> {
    const outcome = await this.start(script, words, start).outcome;
    expect(outcome).toMatchObject(expected);
    return outcome;
  }

  /** The same of a shell command line, in which `"$@"` is the call. */
  async inShell(commands: string, expected: Partial<Outcome>, script = 'done.cjs'): Promise<void> {
    expect(await this.w.shell(commands, [CLIENT, ...this.words(script)])).toMatchObject(expected);
  }

  /** Waits until initialisation is at work; its process. */
  async here(running: Running): Promise<number> {
    return Number((await running.says(/^here (\d+)$/m, 'stderr'))[1]);
  }

  letGo(): void {
    writeFileSync(this.#go, '');
  }

  /** A run directory of its own, for what would do something to those of others. */
  ownRunDirectory(): string {
    const path = this.w.path(`r${this.number}`);
    mkdirSync(path, { mode: 0o700 });
    return path;
  }
}

interface Words {
  readonly options?: readonly string[];
  readonly interpreter?: string;
  readonly args?: readonly string[];
}
