/** Scripts whose initialisation sets `v`, for tests of what it was made from. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';
import { type Workspace, workspace } from './workspace.js';

export const COMPLETE = 'process.preforkInterp?.initialisationComplete();';
/** Behind an initialisation that sets `v`. */
export const TELL = `${COMPLETE}\nconsole.log(process.ppid, v);`;
export const FS = `const fs = require('node:fs'); const { join } = require('node:path'); const at = (name) => join(__dirname, name);
  const { execFileSync } = require('node:child_process'); const sh = (command) => execFileSync('sh', ['-c', command], { cwd: __dirname });`;

export interface Seen {
  readonly server: number;
  readonly seen: string;
}

export async function call(w: Workspace, script: string): Promise<Seen> {
  const { status, stdout, stderr } = await w.run(script);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [server, ...seen] = stdout.trim().split(' ');
  return { server: Number(server), seen: seen.join(' ') };
}

export function lay(w: Workspace, name: string, text: string): void {
  mkdirSync(dirname(w.path(name)), { recursive: true });
  w.write(name, text);
}

/** An initialisation that sees something, which then changes. */
export interface Case {
  /** Sets `v`, to 1 and after the change to 2. */
  readonly initialisation: string;
  readonly before?: Record<string, string>;
  readonly prepare?: (w: Workspace) => void;
  readonly change: (w: Workspace) => void;
}

/** A new server comes when the change has, and not before, nor after. */
export async function expectNoticed({ initialisation, before = {}, prepare, change }: Case): Promise<void> {
  const w = workspace();
  for (const [name, text] of Object.entries(before)) lay(w, name, text);
  prepare?.(w);
  const script = w.script('a.cjs', `${FS}\n${initialisation}\n${TELL}`);
  const first = await call(w, script);
  expect(first.seen).toBe('1');
  expect(await call(w, script), 'nothing has changed').toEqual(first);
  change(w);
  const after = await call(w, script);
  expect(after.seen).toBe('2');
  expect(await call(w, script)).toEqual(after);
}

/** One server serves all calls. `rest`: what each does behind the fork point. */
export async function expectOneServer(
  initialisation: string,
  before: Record<string, string>,
  rest = '',
): Promise<void> {
  const w = workspace();
  for (const [name, text] of Object.entries(before)) lay(w, name, text);
  const script = w.script('a.cjs', `${FS}\n${initialisation}\n${TELL}\n${rest}`);
  const first = await call(w, script);
  for (let i = 0; i < 3; i++) expect(await call(w, script)).toEqual(first);
}
