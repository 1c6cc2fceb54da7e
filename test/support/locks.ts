import { join } from 'node:path';
import { expect } from 'vitest';
import type { Running } from './running.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';

/** Holds the paths that it reads, and says so. */
const HOLDER = `$| = 1;
  while (<STDIN>) { chomp; open(my $file, '+<', $_) or die "$_: $!"; flock($file, 2) or die $!; push @held, $file; print "$_\n" }`;

/** Locks of rendezvous, held: so preclean passes over these, however many there are; and nobody can start one of their servers. */
export class Locks {
  readonly #holder: Running;
  readonly #held = new Set<string>();

  constructor(
    readonly w: Workspace,
    limitMs?: number,
  ) {
    const limit = limitMs === undefined ? {} : { limitMs };
    this.#holder = w.start('perl', ['-e', HOLDER], { stdio: ['pipe', 'pipe', 'pipe'], ...limit });
  }

  /** Takes those of all rendezvous that there are now, but for these idents. */
  async hold(except: readonly string[] = []): Promise<void> {
    const names = this.w.rendezvous().filter((name) => name.startsWith('l') && !except.includes(name.slice(1)));
    for (const name of names.filter((each) => !this.#held.has(each))) {
      this.#held.add(name);
      this.#holder.write(`${join(this.w.runDirectory, name)}\n`);
      await until(`the lock ${name} is held`, () => this.#holder.stdout.includes(`/${name}\n`));
    }
  }

  async letGo(): Promise<void> {
    this.#holder.endInput();
    expect((await this.#holder.outcome).stderr).toBe('');
  }
}
