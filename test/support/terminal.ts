/** A terminal that a test sits at: a shell with job control in a pseudo-terminal of its own (test/native/terminal.c). */
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { nativeTool } from './native-tools.js';
import type { Running } from './running.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';

/** Nothing that a program prints by chance, and no character that a regular expression takes for something else. */
const PROMPT = '<ready> ';
/** What is no text: control sequences (ECMA-48), such as colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they are made of
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g;

/** What each shell reads when it begins. The prompt is no variable of the environment: a program that shows that is not to show a prompt. */
const START = `PS1='${PROMPT}'; unset ENV\n`;

const SHELLS = {
  // Without line editing the kernel echoes what is typed, and nothing is redrawn.
  bash: (start: string) => ['bash', '--noprofile', '--rcfile', start, '--noediting', '-i'],
  // With it, a tabulator completes.
  'bash that edits': (start: string) => ['bash', '--noprofile', '--rcfile', start, '-i'],
  // It takes its file from ENV.
  dash: () => ['dash', '-i'],
  // It takes its own from a directory.
  zsh: (start: string) => ['env', `ZDOTDIR=${dirname(start)}`, 'zsh', '-d', '-i'],
};

export interface TerminalOptions {
  readonly shell?: keyof typeof SHELLS;
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Keys that mean something to the terminal, for {@link Terminal.type}. */
export const KEYS = { enter: '\r', interrupt: '\x03', quit: '\x1c', suspend: '\x1a', end: '\x04', tab: '\t' } as const;

export class Terminal {
  readonly #running: Running;
  /** Up to where the test has looked: what is waited for next comes behind it. */
  #seen = 0;

  private constructor(workspace: Workspace, options: TerminalOptions) {
    const { shell = 'bash', columns = 80, rows = 24, cwd } = options;
    const start = workspace.write(shell === 'zsh' ? '.zshrc' : 'terminal-start', START);
    const env = { TERM: 'xterm', ENV: start, ...options.env };
    this.#running = workspace.start(nativeTool('terminal'), [String(columns), String(rows), ...SHELLS[shell](start)], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env,
      ...(cwd === undefined ? {} : { cwd }),
      // A session lasts as long as its test: what is waited for has the limits.
      limitMs: 2 ** 31 - 1,
    });
    this.#control.on('error', () => {});
    onTestFinished(() => this.hangUp());
  }

  /** Opens one, and waits for the shell's prompt. It is hung up when the current test ends. */
  static async open(workspace: Workspace, options: TerminalOptions = {}): Promise<Terminal> {
    const terminal = new Terminal(workspace, options);
    await terminal.prompt();
    return terminal;
  }

  get #control(): Duplex {
    return this.#running.child.stdio[3] as Duplex;
  }

  /** All that was ever shown, as text. What is typed is shown too, where the terminal echoes. */
  get text(): string {
    return this.#running.stdout.replace(SEQUENCES, '').replaceAll('\r\n', '\n');
  }

  /** What was shown behind the last thing that was waited for. */
  get latest(): string {
    return this.text.slice(this.#seen);
  }

  /** Keys, as they are; {@link KEYS} has those with names. */
  type(keys: string): void {
    this.#running.write(keys);
  }

  /** Waits until the terminal shows this, behind what was waited for before; returns what came in between. */
  async shows(what: string | RegExp): Promise<string> {
    let ended = false;
    this.#running.outcome.finally(() => {
      ended = true;
    });
    const look = () => {
      // Asked before the look, so that the end of the output is looked at as well.
      const last = ended;
      const found = this.#find(what);
      if (found === undefined && last) throw new Error('the shell has ended');
      return found;
    };
    const found = await until(`the terminal shows ${what}`, look).catch((error: Error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify(this.latest)}`);
    });
    const between = this.latest.slice(0, found.at);
    this.#seen += found.at + found.length;
    return between;
  }

  #find(what: string | RegExp): { at: number; length: number } | undefined {
    const { latest } = this;
    if (typeof what === 'string') {
      const at = latest.indexOf(what);
      return at < 0 ? undefined : { at, length: what.length };
    }
    const found = what.exec(latest);
    return found ? { at: found.index, length: found[0].length } : undefined;
  }

  /** Waits for the shell's next prompt; returns what came before it. */
  prompt(): Promise<string> {
    return this.shows(PROMPT);
  }

  /** Types a command line without waiting for anything but its echo. */
  async start(line: string): Promise<void> {
    this.type(`${line}${KEYS.enter}`);
    await this.shows(`${line}\n`);
  }

  /** Types a command line, waits for the next prompt, and returns what was shown in between. */
  async command(line: string): Promise<string> {
    await this.start(line);
    return this.prompt();
  }

  /** As if the window had been dragged, before what is typed next: the foreground job gets SIGWINCH. */
  resize(columns: number, rows: number): void {
    this.#control.write(`${columns} ${rows}\n`);
  }

  /** Leaves the shell, jobs or not; its exit status. */
  async exit(status = 0): Promise<number | null> {
    // The first may be answered that there are stopped jobs, the second never is.
    this.type(`exit ${status}${KEYS.enter}exit ${status}${KEYS.enter}`);
    return (await this.#running.outcome).status;
  }

  /** As if the window had been closed: the session gets SIGHUP. Returns when the shell has ended, by it or by SIGKILL. */
  async hangUp(): Promise<void> {
    this.#running.endInput();
    await this.#running.outcome;
  }
}
