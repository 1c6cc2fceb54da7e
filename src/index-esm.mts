/** For `import`: the same single copy that `require()` gets, since its state must not exist twice. */
import runtime from './runtime.cjs';

export const { dependsOn, initialisationComplete, PreforkError } = runtime;
