/** Runs cases through the native face of the core: native/core/test/host.cc, built when it is first needed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.js';

const DIRECTORY = join(ROOT, 'native/core/test');
const BUILD = join(ROOT, 'build/core-test');

/** Builds the programs; the lock is for test files that run at the same time. */
export function buildNativeHost(): void {
  mkdirSync(BUILD, { recursive: true });
  execFileSync('flock', [join(BUILD, 'lock'), 'make', '-s', '-C', DIRECTORY], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** What one of the programs makes of the cases, each given as one line. */
export function runInNative(program: 'host' | 'host-sanitized', lines: string[]): string[][] {
  const { status, signal, stdout, stderr } = spawnSync(join(BUILD, program), {
    input: `${lines.join('\n')}\n`,
    encoding: 'latin1',
    maxBuffer: 2 ** 29,
    timeout: 50_000,
  });
  const results = stdout.split(/^\.\n/m).slice(0, -1);
  if (status !== 0 || results.length !== lines.length) {
    const where = lines[results.length]?.slice(0, 200);
    throw new Error(
      `${program} ended with ${signal ?? `status ${status}`} at the case: ${where}\n${stderr.slice(0, 4000)}`,
    );
  }
  return results.map((result) => result.split('\n').slice(0, -1));
}
