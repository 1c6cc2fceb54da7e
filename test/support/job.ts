/** A parent that controls a job: a command in a process group of its own, whose stops and end are told as waitpid(2) gives them. */
import type { Running } from './running.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';

/** The group's parent is in another group of the same session, so that the group is not orphaned (setpgid(2)) and can be stopped. */
const PARENT = `use POSIX qw(:sys_wait_h setpgid); $| = 1;
  my $pid = fork; if (!$pid) { setpgid(0, 0); exec { $ARGV[0] } @ARGV; }
  setpgid($pid, $pid); print "$pid\\n";
  while (waitpid($pid, WUNTRACED | 8) > 0) {
    my $status = \${^CHILD_ERROR_NATIVE};
    if ($status == 0xffff) { print "continued\\n" }
    elsif (WIFSTOPPED($status)) { print "stopped ", WSTOPSIG($status), "\\n" }
    else { print "ended $status\\n"; exit 0 }
  }`;

export class Job {
  #seen = 0;

  private constructor(
    readonly parent: Running,
    readonly pid: number,
  ) {}

  static async start(w: Workspace, command: readonly string[]): Promise<Job> {
    // The client's output is not mixed with what the parent tells.
    const parent = w.start('perl', ['-e', PARENT, 'sh', '-c', 'exec "$@" >/dev/null', 'sh', ...command]);
    return new Job(parent, Number(await parent.line()));
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Waits for the next thing that the parent is told: `stopped 20`, `continued`, `ended 256`. */
  async change(): Promise<string> {
    this.#seen++;
    return until('the parent is told of a change', () => {
      const lines = this.parent.stdout.split('\n');
      if (lines.length < this.#seen + 2 && this.parent.child.exitCode !== null) throw new Error('the parent has ended');
      return lines.length >= this.#seen + 2 && lines[this.#seen];
    });
  }

  /** The end. Of a process that goes on and ends at once its parent may see that alone, or both. */
  async end(): Promise<string> {
    const change = await this.change();
    return change === 'continued' ? this.change() : change;
  }
}
