/** Programs to compare with, where this machine has them. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { RELEASED_CLIENT } from '../support/paths.js';
import type { Absent } from './case.js';

/** bun, by the caller's PATH. */
export function bun(absent: Absent): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'bun'));
  const found = places.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) absent.note('bun');
  return found;
}

export function hasReleasedClient(absent: Absent): boolean {
  const has = existsSync(RELEASED_CLIENT);
  if (!has) absent.note('the released client (chiark-utils-bin)');
  return has;
}

export function succeeds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The module needs IO::FDPass, which is in a package of its own (libio-fdpass-perl). */
export function hasReleasedModule(absent: Absent): boolean {
  const has = succeeds('/usr/bin/perl', '-MProc::Prefork::Interp', '-MIO::FDPass', '-e', '1');
  if (!has) absent.note('the released Perl module (chiark-scripts, libio-fdpass-perl)');
  return has;
}
