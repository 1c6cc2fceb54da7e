import { readFileSync } from 'node:fs';
import { HANDOVER_VARIABLE } from './handover.js';

/** The variable by which the recorder comes into a process. It takes itself out of it (native/recorder/preload.cc); what is left there is the user's. */
const PRELOADED = 'LD_PRELOAD';

/**
 * The environment that this process was started with, but for what is not the user's. What Node has since added to it (`--env-file`), or a module that it was
 * told to load first (`--require`), belongs to initialisation..
 */
export function environmentBefore(): NodeJS.ProcessEnv {
  const now = { ...process.env };
  let started: string;
  try {
    started = readFileSync('/proc/self/environ', 'utf8');
  } catch {
    return now;
  }
  return before(started, now);
}

/** `started` as proc(5) has it, /proc/pid/environ. */
function before(started: string, now: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const entry of started.split('\0')) {
    const end = entry.indexOf('=', 1);
    const name = entry.slice(0, end);
    // Of several of a name the first counts, as for getenv(3).
    if (end > 0 && name !== HANDOVER_VARIABLE) environment[name] ??= entry.slice(end + 1);
  }
  delete environment[PRELOADED];
  if (now[PRELOADED] !== undefined) environment[PRELOADED] = now[PRELOADED];
  return environment;
}
