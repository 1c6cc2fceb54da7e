import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { LIMIT_MS, within } from './until.js';

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The same as `stdout`, before it was taken for UTF-8. Not enumerable: two outcomes are compared without it. */
  readonly bytes: Buffer;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** All of standard input. Where neither this nor `stdio` is given it is empty. */
  readonly input?: string | Uint8Array;
  /** As for spawn(); what is not a pipe is not collected. A pipe as input stays open until `endInput`. */
  readonly stdio?: StdioOptions;
  readonly limitMs?: number;
}

/** A process that a test has started and whose end it awaits. */
export class Running {
  readonly child: ChildProcess;
  /** Settled when the process has ended and its output has reached its end. */
  readonly outcome: Promise<Outcome>;
  readonly #name: string;
  readonly #output: Buffer[] = [];
  readonly #errors: Buffer[] = [];

  constructor(command: string, args: readonly string[], options: StartOptions) {
    const { env, cwd, input, limitMs = LIMIT_MS } = options;
    const stdio = options.stdio ?? [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
    this.#name = [command, ...args].join(' ').slice(0, 200);
    this.child = spawn(command, args, { env, cwd, stdio });
    this.child.stdout?.on('data', (chunk: Buffer) => this.#output.push(chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => this.#errors.push(chunk));
    // A process that does not read its input is no error of the test's.
    this.child.stdin?.on('error', () => {});
    if (input !== undefined) this.child.stdin?.end(input);
    this.outcome = this.#awaitEnd(limitMs);
    // Whoever awaits it gets the error; a test that failed before that is not to fail a second time.
    this.outcome.catch(() => {});
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.#name} was not started`);
    return this.child.pid;
  }

  get stdout(): string {
    return Buffer.concat(this.#output).toString();
  }

  get stderr(): string {
    return Buffer.concat(this.#errors).toString();
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  endInput(): void {
    this.child.stdin?.end();
  }

  kill(signal: NodeJS.Signals | number): void {
    this.child.kill(signal);
  }

  /** The first line of standard output; an error where there is no such before the end. */
  async line(): Promise<string> {
    return (await this.says(/^(.*)\n/))[1] as string;
  }

  /** Waits until standard output (or error) holds `text`. */
  async says(text: RegExp, from: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    const stream = this.child[from] as Readable;
    const look = () => text.exec(this[from]);
    const search = async () => {
      let found = look();
      while (!found && !stream.readableEnded) {
        await Promise.race([once(stream, 'data'), once(stream, 'end')]);
        found = look();
      }
      if (!found) throw new Error(`${this.#name} ended without saying ${text} on ${from}: ${this.#sofar()}`);
      return found;
    };
    return within(`${this.#name} to say ${text}`, search());
  }

  async #awaitEnd(limitMs: number): Promise<Outcome> {
    try {
      const [status, signal] = await within(`the end of ${this.#name}`, once(this.child, 'close'), limitMs);
      const text = { status, signal, stdout: this.stdout, stderr: this.stderr };
      return Object.defineProperty(text, 'bytes', { value: Buffer.concat(this.#output) }) as Outcome;
    } catch (error) {
      this.child.kill('SIGKILL');
      throw new Error(`${(error as Error).message}; ${this.#sofar()}`);
    }
  }

  #sofar(): string {
    return `so far stdout ${JSON.stringify(this.stdout)}, stderr ${JSON.stringify(this.stderr)}`;
  }
}
