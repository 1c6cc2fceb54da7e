/**
 * The released system, as Debian has it: the client of chiark-utils-bin and the Perl module of chiark-scripts, to compare ours with and to let
 * ours work with. Where a package is not installed, the tests that need it are skipped, by name.
 *
 * The released client knows no PREFORK_INTERP_RUN_DIR. So that it meets nobody else's sockets, it runs in a mount namespace whose password
 * file makes the test's directory the user's home; where there can be none, in the user's own home, under a name that only the test has.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { CLIENT, RELEASED_CLIENT } from './paths.js';
import type { Outcome, Running, StartOptions } from './running.js';
import type { Workspace } from './workspace.js';

function succeeds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export const HAS_RELEASED_CLIENT = existsSync(RELEASED_CLIENT);
/** The module needs IO::FDPass, which is in a package of its own (libio-fdpass-perl). */
export const HAS_RELEASED_MODULE = succeeds('/usr/bin/perl', '-MProc::Prefork::Interp', '-MIO::FDPass', '-e', '1');

const AS_ROOT = process.getuid?.() === 0;
const UNSHARE = ['unshare', '-m', ...(AS_ROOT ? [] : ['-r'])];
const HAS_NAMESPACES = succeeds(UNSHARE[0] as string, ...UNSHARE.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt');

/** The two clients. */
export const CLIENTS = { ours: CLIENT, released: RELEASED_CLIENT } as const;
export type ClientName = keyof typeof CLIENTS;

let homes = 0;

/** A place where both clients look for their sockets. */
export class SharedHome {
  /** For -g: no other test has it. */
  readonly ident = `test-${process.pid}-${homes++}`;
  readonly runDirectory: string;
  readonly #prefix: string[];

  constructor(readonly workspace: Workspace) {
    const node = (hostname().split('.')[0] as string).slice(0, 32);
    if (HAS_NAMESPACES) {
      const passwd = workspace.write('passwd', `root:x:0:0::${workspace.directory}:/bin/sh\n`);
      const line = `mount --bind ${passwd} /etc/passwd && mount -t tmpfs none /var/run/user && exec "$@"`;
      this.#prefix = [...UNSHARE, 'sh', '-c', line, 'sh'];
      this.runDirectory = join(workspace.directory, '.prefork-interp', node);
    } else {
      this.#prefix = ['env'];
      const login = `/var/run/user/${process.getuid?.()}/prefork-interp`;
      this.runDirectory = existsSync(login) ? login : join(userInfo().homedir, '.prefork-interp', node);
    }
    onTestFinished(() => {
      for (const letter of 'sl') rmSync(join(this.runDirectory, letter + this.ident), { force: true });
    });
  }

  start(command: readonly string[], options: StartOptions = {}): Running {
    const [program, ...args] = [...this.#prefix, ...command];
    const env = { PREFORK_INTERP_RUN_DIR: '', ...options.env };
    return this.workspace.start(program as string, args, { ...options, env });
  }

  run(command: readonly string[], options?: StartOptions): Promise<Outcome> {
    return this.start(command, options).outcome;
  }

  /** A call by one of the clients. */
  call(client: ClientName, words: readonly string[], options?: StartOptions): Promise<Outcome> {
    return this.run([CLIENTS[client], '-U', '-g', this.ident, ...words], options);
  }
}
