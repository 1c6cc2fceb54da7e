import type { ContextCall } from '../../src/core.js';

/** A version 2 call that says as little as one can. */
export const EMPTY_CALL: ContextCall = {
  stdio: 0,
  cwd: false,
  umask: null,
  nice: null,
  limits: [],
  affinity: null,
  script: null,
  arguments: [],
  environment: new Uint8Array(),
};
