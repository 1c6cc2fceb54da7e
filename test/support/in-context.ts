/** Commands in a context of their own making (test/native/in-context): what a call inherits, and what its identity is made of. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { nativeTool } from './native-tools.js';

/** Command and arguments for `options`, each as test/native/in-context/main.c lists them, in the order in which they are to be applied. */
export function inContext(options: readonly string[], command: readonly string[]): [string, ...string[]] {
  return [nativeTool('in-context'), ...options, '--', ...command];
}

/** Whether such a context can be made here: who is not root, or in a container, may not do everything. */
export function canMake(...options: string[]): boolean {
  return succeedsIn(options, ['true']);
}

/** Whether a command ends well in a context. */
export function succeedsIn(options: readonly string[], command: readonly string[]): boolean {
  const [tool, ...rest] = inContext(options, command);
  return spawnSync(tool, rest, { stdio: 'ignore' }).status === 0;
}

/** What a command prints in a context. */
export function printedIn(options: readonly string[], command: readonly string[]): string {
  const [tool, ...rest] = inContext(options, command);
  return execFileSync(tool, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The processors that this process may run on, as `--affinity` takes them and Cpus_allowed_list shows them (proc_pid_status(5)). */
export const PROCESSORS = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] as string;
/** The last of them. */
export const LAST_PROCESSOR = /\d+$/.exec(PROCESSORS)?.[0] as string;
