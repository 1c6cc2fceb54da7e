/** Calls of version 2 over core.wasm: a decoder that is received into, and an encoder. */
import {
  E_NONE,
  E_SEQUENCE,
  FIELD_AFFINITY,
  FIELD_ARGUMENTS,
  FIELD_CWD,
  FIELD_ENVIRONMENT,
  FIELD_NICE,
  FIELD_SCRIPT,
  FIELD_STDIO,
  FIELD_UMASK,
  NEED_DATA,
} from '../../assembly/constants.js';
import { codecError } from './errors.js';
import type { CoreExports } from './exports.js';
import type { CallDecoder, ContextCall } from './face.js';
import { type CoreMemory, number32, number64 } from './memory.js';
import { split } from './request.js';

/** What the wire says where there is no limit: all bits set (RLIM_INFINITY, getrlimit(2)). */
const NO_LIMIT = 2n ** 64n - 1n;

export class WasmCallDecoder implements CallDecoder {
  readonly #core: CoreExports;
  readonly #memory: CoreMemory;
  /** The core holds one call or request; whether it is still this decoder's. */
  readonly #isCurrent: () => boolean;

  constructor(core: CoreExports, memory: CoreMemory, isCurrent: () => boolean) {
    this.#core = core;
    this.#memory = memory;
    this.#isCurrent = isCurrent;
    core.call_decoder_begin();
  }

  space(): Uint8Array {
    if (!this.#isCurrent()) throw codecError(E_SEQUENCE);
    return this.#memory.view(this.#core.call_decoder_space(), this.#core.call_decoder_room());
  }

  received(bytes: number, descriptors: number): boolean {
    if (!this.#isCurrent()) throw codecError(E_SEQUENCE);
    const code = this.#core.call_decoder_received(bytes, descriptors);
    if (code === NEED_DATA) return false;
    checkCall(this.#core, this.#memory, code);
    return true;
  }

  get call(): ContextCall {
    const core = this.#core;
    if (!this.#isCurrent() || core.call_decoder_complete() === 0) throw codecError(E_SEQUENCE);
    const has = (tag: number) => core.call_decoder_field(tag) !== 0;
    return {
      stdio: core.call_decoder_number(FIELD_STDIO),
      cwd: has(FIELD_CWD),
      umask: has(FIELD_UMASK) ? core.call_decoder_number(FIELD_UMASK) : null,
      nice: has(FIELD_NICE) ? core.call_decoder_number(FIELD_NICE) : null,
      limits: Array.from({ length: core.call_decoder_limit_count() }, (_, index) => this.#limit(index)),
      affinity: has(FIELD_AFFINITY) ? this.#field(FIELD_AFFINITY) : null,
      script: has(FIELD_SCRIPT) ? this.#field(FIELD_SCRIPT) : null,
      arguments: split(this.#field(FIELD_ARGUMENTS)),
      environment: this.#field(FIELD_ENVIRONMENT),
    };
  }

  #field(tag: number): Uint8Array {
    return this.#memory.copyOut(this.#core.call_decoder_field(tag), this.#core.call_decoder_field_length(tag));
  }

  #limit(index: number): { resource: number; soft: bigint | null } {
    const soft = BigInt.asUintN(64, this.#core.call_decoder_limit_soft(index));
    return {
      resource: this.#core.call_decoder_limit_resource(index) >>> 0,
      soft: soft === NO_LIMIT ? null : soft,
    };
  }
}

/** `environment`: the entries that are the call's, in place of its own run of them. */
export function encodeCall(
  core: CoreExports,
  memory: CoreMemory,
  call: Omit<ContextCall, 'environment'>,
  environment: readonly Uint8Array[],
): Uint8Array {
  const add = (code: number) => checkCall(core, memory, code);
  const addString = (tag: number, string: Uint8Array) =>
    add(core.call_string(tag, memory.put(core.call_space(tag), core.call_room(tag), string)));
  core.call_begin();
  if (call.traced) add(core.call_traced());
  add(core.call_number(FIELD_STDIO, number32(call.stdio)));
  if (call.cwd) add(core.call_cwd());
  if (call.umask !== null) add(core.call_number(FIELD_UMASK, number32(call.umask)));
  if (call.nice !== null) add(core.call_number(FIELD_NICE, number32(call.nice)));
  for (const { resource, soft } of call.limits) add(core.call_limit(number32(resource), number64(soft ?? NO_LIMIT)));
  if (call.affinity) add(core.call_bytes(FIELD_AFFINITY, memory.input(call.affinity)));
  if (call.script) add(core.call_bytes(FIELD_SCRIPT, memory.input(call.script)));
  for (const argument of call.arguments) addString(FIELD_ARGUMENTS, argument);
  for (const entry of environment) addString(FIELD_ENVIRONMENT, entry);
  add(core.call_end());
  return memory.copyOut(core.call_address(), core.call_length());
}

/** Throws where the core says that something is wrong with a call, naming the field that it is about. */
function checkCall(core: CoreExports, memory: CoreMemory, code: number): void {
  if (code !== E_NONE) throw codecError(code, memory.text(core.message_subject()));
}
