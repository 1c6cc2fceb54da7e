/** The core in TypeScript: one instance of core.wasm behind the face of core/face.ts. */
import { PRECLEAN_KEEP } from '../assembly/constants.js';
import { encodeCall, WasmCallDecoder } from './core/call.js';
import { CodecError } from './core/errors.js';
import type { Core } from './core/face.js';
import { checkIdent, identDigits, identity, sha256 } from './core/identity.js';
import { exportsOf } from './core/instance.js';
import { CoreMemory } from './core/memory.js';
import { messageEncoder, messageHeader } from './core/message.js';
import { messageDecoder } from './core/message-decoder.js';
import { parseOptions } from './core/options.js';
import { preclean } from './core/preclean.js';
import { encodeRequest, split, WasmRequestDecoder } from './core/request.js';
import { encodeGreeting, encodeStatus, greetingDecoder, statusDecoder, waitStatus } from './core/wire.js';

export type * from './core/face.js';
export { CodecError };

/** Makes a core from the bytes of core.wasm, at once: it takes about a millisecond, mostly to compile. */
export function instantiate(bytes: Uint8Array): Core {
  const core = exportsOf(bytes);
  const memory = new CoreMemory(core);
  /** Counts who began with the one place there is for a request or a call. */
  let requestsBegun = 0;
  return {
    encodeGreeting: () => encodeGreeting(core, memory),
    encodeStatus: (status) => encodeStatus(core, memory, status),
    encodeRequest(framing, environment, args) {
      requestsBegun++;
      return encodeRequest(core, memory, framing, environment, args);
    },
    requestDecoder() {
      const mine = ++requestsBegun;
      return new WasmRequestDecoder(core, memory, () => mine === requestsBegun);
    },
    encodeCall(call) {
      requestsBegun++;
      return encodeCall(core, memory, call, split(call.environment));
    },
    callDecoder() {
      const mine = ++requestsBegun;
      return new WasmCallDecoder(core, memory, () => mine === requestsBegun);
    },
    encodeMessage: messageEncoder(core, memory),
    messageDecoder: () => messageDecoder(core, memory),
    messageHeader: (bytes) => messageHeader(core, memory, bytes),
    greetingDecoder: () => greetingDecoder(core, memory),
    statusDecoder: () => statusDecoder(core, memory),
    waitStatus: (status, table = 'released') => waitStatus(core, status, table),
    parseOptions: (argv) => parseOptions(core, memory, argv),
    identity: (input) => identity(core, memory, input),
    identDigits: (runDirectoryLength) => identDigits(core, runDirectoryLength),
    checkIdent: (ident, runDirectoryLength) => checkIdent(core, memory, ident, runDirectoryLength),
    preclean: (entries, identInUse, kept = PRECLEAN_KEEP) => preclean(core, memory, entries, identInUse, kept),
    sha256: (pieces) => sha256(core, memory, pieces),
  };
}
