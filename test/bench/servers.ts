/** The scripts that are called, and what is done with their servers between measurements. */
import { setTimeout as rest } from 'node:timers/promises';
import { CLIENT } from '../support/paths.js';
import type { Case, Mode } from './case.js';
import type { Place } from './place.js';

/** After its first call a server does what it has put off; only then it is warm. */
const SETTLING_MS = 300;

/** How many calls a round has, by how long one takes. */
export const CALLS = {
  short: { 'back to back': 20, rested: 10 },
  long: { 'back to back': 3, rested: 2 },
  single: { 'back to back': 1, rested: 1 },
} as const satisfies Record<string, Partial<Record<Mode, number>>>;

/** A module with nothing in it but what is put before its fork point. */
export const trivial = (initialisation = '') => `${initialisation}process.preforkInterp?.initialisationComplete();\n`;

/** A case whose calls are warm: its server is started, has served, and has come to rest. */
export function warm(place: Place, c: Omit<Case, 'start'>): Case & { start(): Promise<void> } {
  return {
    ...c,
    async start() {
      for (let i = 0; i < 3; i++) await place.run([...(c.inside ?? []), ...c.command], c.env, c.cwd);
      await rest(SETTLING_MS);
    },
  };
}

/** A case each of whose calls is a first one. Its run directory is its own, so that the others' servers stay what they are. */
export function first(
  place: Place,
  c: Omit<Case, 'calls'>,
  script: string,
  directory: string,
): Case & { prepare(): Promise<void> } {
  const env = { ...c.env, PREFORK_INTERP_RUN_DIR: directory };
  return {
    ...c,
    env,
    calls: CALLS.single,
    async prepare() {
      await place.run([CLIENT, '--kill', '-U', 'node', script], env, c.cwd);
      await place.gone(directory);
    },
  };
}
