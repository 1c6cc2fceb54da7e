/** What an executor is to become, however it was told: by version 1 (request.ts) or version 2 (context-call.ts). */
export interface IncomingCall {
  /** Standard input, output and error; null for one that the client has not open. They are the executor's to close. */
  readonly descriptors: readonly [number | null, number | null, number | null];
  /** `NAME=value` and a NUL, again and again. */
  readonly environment: Uint8Array;
  /** The script as the caller gave it, for what ps(1) shows; null where there is none, or it was not said. */
  readonly script: Uint8Array | null;
  /** The script's own arguments. */
  readonly arguments: readonly Uint8Array[];
  /** What version 1 has no words for; null where it was that. */
  readonly context: CallContext | null;
}

/** What a process inherits from the one that executes it, besides what every version knows; null for what was not said. */
export interface CallContext {
  /** A descriptor of the working directory (O_PATH of open(2)), the executor's to close. */
  readonly cwd: number | null;
  readonly umask: number | null;
  readonly nice: number | null;
  /** `soft`: null for no limit. */
  readonly limits: readonly { readonly resource: number; readonly soft: bigint | null }[];
  /** Bit c of byte b is processor 8b+c. */
  readonly affinity: Uint8Array | null;
}
