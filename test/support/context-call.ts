/** Version 2 below the level of a client: a whole call, and whatever a test makes of it. */
import { readFileSync } from 'node:fs';
import { type ContextCall, instantiate, type Message } from '../../src/core.js';
import { EMPTY_CALL } from './empty-call.js';
import { ROOT } from './paths.js';
import type { Workspace } from './workspace.js';

const core = instantiate(readFileSync(`${ROOT}/dist/core.wasm`));

/** A call of `w`'s environment with these arguments, all three standard descriptors, and no working directory. */
export function contextCall(w: Workspace, args: readonly string[], more: Partial<ContextCall> = {}): Buffer {
  const environment = Object.entries(w.env).map(([name, value]) => `${name}=${value}\0`);
  const call: ContextCall = {
    ...EMPTY_CALL,
    stdio: 0b111,
    arguments: args.map((arg) => Buffer.from(arg)),
    environment: Buffer.from(environment.join('')),
    ...more,
  };
  return Buffer.from(core.encodeCall(call));
}

export function message(of: Message): Buffer {
  return Buffer.from(core.encodeMessage(of));
}

/** The messages that these bytes are. */
export function messages(bytes: Uint8Array): Message[] {
  return core.messageDecoder().push(bytes);
}
