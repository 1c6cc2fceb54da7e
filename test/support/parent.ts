/** A parent that looks closely (test/native/parent.c): what becomes of a command, as its own parent is told by waitpid(2). */
import { nativeTool } from './native-tools.js';
import type { Running, StartOptions } from './running.js';
import type { Workspace } from './workspace.js';

/** A command whose parent looks closely. Input is a pipe, and stays open until the story is asked for, or `endInput`. */
export class Watched {
  readonly running: Running;
  /** Up to where what it said was waited for. */
  #seen = 0;

  constructor(w: Workspace, command: readonly string[], options: StartOptions = {}) {
    this.running = w.start(nativeTool('parent'), command, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  }

  /** Waits until command or parent have said this, behind what was waited for before. */
  async says(what: RegExp): Promise<RegExpExecArray> {
    const behind = new RegExp(`(?<=^[^]{${this.#seen},})${what.source}`, 'm');
    const found = await this.running.says(behind);
    this.#seen = found.index + found[0].length;
    return found;
  }

  /** The number of the process that the command was started as. */
  async pid(): Promise<number> {
    return Number((await this.running.says(/^parent: of (\d+)$/m))[1]);
  }

  async kill(signal: NodeJS.Signals | number): Promise<void> {
    process.kill(await this.pid(), signal);
  }

  /** Lets the input end, and returns all that command and parent have said, without numbers that are others each time. */
  async story(): Promise<string[]> {
    this.running.endInput();
    const { stdout } = await this.running.outcome;
    const lines = stdout.trimEnd().split('\n');
    return lines.map((line) => line.replace(/^(parent: of|ready) [\d ]+$/, '$1 ..'));
  }
}
