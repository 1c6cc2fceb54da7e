import * as native from '../native.js';
import { applyChanges, type EnvironmentChanges } from '../setup/environment-changes.js';

/**
 * Makes `entries` (`NAME=value` and a NUL, again and again) the environment of this process, bytes as they are, with what initialisation has
 * changed in it. `process.env` reads the process's own environment at each access, so it needs no change, with one exception: V8 keeps the
 * time zone, and Node tells it of a new one only when `process.env.TZ` is set or deleted.
 */
export function setEnvironment(entries: Uint8Array, changes: EnvironmentChanges): void {
  const before = process.env['TZ'];
  native.replaceEnvironment(entries);
  applyChanges(changes, process.env);
  const zone = process.env['TZ'];
  if (zone === before) return;
  if (zone !== undefined) process.env['TZ'] = zone;
  else delete process.env['TZ'];
}
