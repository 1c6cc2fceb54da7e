/** Programs in C that tests use, from test/native: compiled when the first test needs one, and again only when a source has changed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.js';

const BUILD = join(ROOT, 'build/test-native');
let built = false;

/** The path of the program. What it does is said at the top of its source. */
export function nativeTool(name: 'terminal' | 'in-context' | 'parent' | 'stop-at'): string {
  if (!built) {
    mkdirSync(BUILD, { recursive: true });
    // The lock is for test files that run at the same time.
    execFileSync('flock', [join(BUILD, 'lock'), 'make', '-s', '-C', join(ROOT, 'test/native')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    built = true;
  }
  return join(BUILD, name);
}
