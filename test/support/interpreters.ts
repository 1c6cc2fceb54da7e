/** Interpreters of the tests' own: programs in C from test/fixtures, put in place as the `node` that a workspace's calls find. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FIXTURES } from './paths.js';
import type { Workspace } from './workspace.js';

/** By that name, and as an ELF file, it has an adapter, and its calls are of version 2. */
export function installNode(w: Workspace, fixture: 'v1-server.c' | 'v2-setup.c'): string {
  const program = w.path(fixture.replace(/\.c$/, ''));
  execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, join(FIXTURES, fixture)]);
  const node = w.path('bin/node');
  mkdirSync(w.path('bin'), { recursive: true });
  copyFileSync(program, node);
  if (!w.env['PATH']?.startsWith(`${w.path('bin')}:`)) w.env['PATH'] = `${w.path('bin')}:${w.env['PATH']}`;
  return node;
}
