import { unwarned } from './unwarned.js';

/** What Node has and does not publish: what is preloaded (node --require), and how it runs what waits for the next tick. */
type TickingProcess = NodeJS.Process & { readonly _preload_modules?: readonly string[]; _tickCallback?(): void };

/**
 * Lets one callback run in the next tick, which is made to be now, so that V8 has compiled what Node does for it: twenty functions, 0.3 ms of each call that waits for
 * anything (measured). In a server no tick ever comes. Only while nothing but Node itself can have left anything for this tick.
 */
export function rehearseTicks(): void {
  const { _preload_modules: preloaded, _tickCallback: tick } = process as TickingProcess;
  if (preloaded?.length !== 1 || typeof tick !== 'function') return;
  process.nextTick(() => {});
  unwarned(() => tick.call(process));
}
