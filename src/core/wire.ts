/** Greeting, status and the meaning of a wait status over core.wasm. */
import {
  ACTION_EXIT,
  ACTION_RAISE,
  ACTION_REPORT_SIGNAL,
  E_ARGUMENT,
  GREETING_BYTES,
  MEANING_ACTION_SHIFT,
  MEANING_CORE,
  MEANING_UNKNOWN_TABLE,
  MEANING_VALUE_MASK,
  NEED_DATA,
  STATUS_BYTES,
  STRING_LIMIT,
  WAIT_TABLE_EXACT,
  WAIT_TABLE_RELEASED,
} from '../../assembly/constants.js';
import { codecError } from './errors.js';
import type { CoreExports } from './exports.js';
import type { GreetingDecoder, Meaning, Pushed, StatusDecoder, WaitTable } from './face.js';
import { type CoreMemory, check, number32 } from './memory.js';

export function encodeGreeting(core: CoreExports, memory: CoreMemory): Uint8Array {
  return memory.copyOut(core.greeting_encode(), GREETING_BYTES);
}

export function encodeStatus(core: CoreExports, memory: CoreMemory, status: number): Uint8Array {
  return memory.copyOut(core.status_encode(number32(status)), STATUS_BYTES);
}

export function greetingDecoder(core: CoreExports, memory: CoreMemory): GreetingDecoder {
  core.greeting_begin();
  return {
    push(bytes) {
      return push(core, memory, bytes, core.greeting_push, () => ({ extensionBytes: core.greeting_extension() }));
    },
  };
}

export function statusDecoder(core: CoreExports, memory: CoreMemory): StatusDecoder {
  core.status_begin();
  return {
    push(bytes) {
      return push(core, memory, bytes, core.status_push, () => ({ status: core.status_value() >>> 0 }));
    },
  };
}

/** Hands bytes to one of the small decoders, in pieces that its input can hold. */
function push<T extends object>(
  core: CoreExports,
  memory: CoreMemory,
  bytes: Uint8Array,
  decode: (length: number) => number,
  result: () => T,
): Pushed<T> {
  let taken = 0;
  do {
    const code = decode(memory.input(bytes.subarray(taken, taken + STRING_LIMIT)));
    taken += core.wire_taken();
    if (code !== NEED_DATA) {
      check(code);
      return { done: true, taken, ...result() };
    }
  } while (taken < bytes.length);
  return { done: false, taken };
}

const TABLES: Record<WaitTable, number> = { released: WAIT_TABLE_RELEASED, exact: WAIT_TABLE_EXACT };

export function waitStatus(core: CoreExports, status: number, table: WaitTable): Meaning {
  const packed = core.wait_status(TABLES[table], status);
  if (packed === MEANING_UNKNOWN_TABLE) throw codecError(E_ARGUMENT);
  const action = packed >> MEANING_ACTION_SHIFT;
  const value = packed & MEANING_VALUE_MASK;
  if (action === ACTION_EXIT) return { action: 'exit', code: value };
  const isCore = (packed & MEANING_CORE) !== 0;
  if (action === ACTION_RAISE) return { action: 'raise', signal: value, core: isCore };
  const signal = action === ACTION_REPORT_SIGNAL ? value : null;
  return { action: 'message', signal, core: isCore, status };
}
