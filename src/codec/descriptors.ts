/** Descriptors by name, and as a call says which come along. */
import { codecFault } from './errors.js';
import type { Descriptor } from './messages.js';

/** In the order of their numbers in the client, in which they also come. */
export const STANDARD: readonly Descriptor[] = ['stdin', 'stdout', 'stderr'];
const ALL: readonly Descriptor[] = [...STANDARD, 'cwd'];

/** In the order in which they come. */
export function namesOf(stdio: number, cwd: boolean): Descriptor[] {
  return ALL.filter((name, place) => (name === 'cwd' ? cwd : ((stdio >> place) & 1) === 1));
}

export function fieldsOf(names: readonly Descriptor[]): { stdio: number; cwd: boolean } {
  const wrong = names.find((name) => !ALL.includes(name));
  if (wrong !== undefined) throw codecFault('ERR_CODEC_ARGUMENT', `no descriptor is called ${wrong}`);
  const stdio = STANDARD.reduce((mask, name, place) => mask | (names.includes(name) ? 1 << place : 0), 0);
  return { stdio, cwd: names.includes('cwd') };
}
