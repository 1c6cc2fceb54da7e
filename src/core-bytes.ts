import bytes from '../dist/core.wasm';
import { type Core, instantiate } from './core.js';

let core: Core | undefined;

/** The process's one core, made when it is first asked for, from bytes that the build puts into the bundle. */
export function loadCore(): Core {
  core ??= instantiate(bytes);
  return core;
}
