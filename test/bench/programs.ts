/** The bench's own programs in C, from test/bench/native: compiled when they are needed, and again only when a source has changed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/paths.js';

const BUILD = join(ROOT, 'build/bench-native');
let built = false;

/** The path of the program. What it does is said at the top of its source. */
export function program(name: 'runner' | 'answer' | 'empty'): string {
  if (!built) {
    mkdirSync(BUILD, { recursive: true });
    execFileSync('make', ['-s', '-C', join(ROOT, 'test/bench/native')], { stdio: ['ignore', 'ignore', 'inherit'] });
    built = true;
  }
  return join(BUILD, name);
}

/** The C library of the client and of the empty program: `musl`, `glibc-static` or `dynamic` (native/Makefile). */
export function clientLibc(): string {
  return readFileSync(join(ROOT, 'build/client/flags'), 'latin1').split(' ')[0] as string;
}
