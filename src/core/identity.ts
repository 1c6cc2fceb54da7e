/** Identity, the rendezvous' name and the plain hash over core.wasm. */
import {
  E_RUN_DIRECTORY_TOO_LONG,
  HASH_BYTES,
  IDENT_DIGITS,
  STRING_LIMIT,
  TAG_INTERPRETER,
  TAG_INTERPRETER_ARGUMENT,
  TAG_SCRIPT,
  TAG_SETTING,
  TAG_STRING,
  TAG_VALUE,
  TAG_VARIABLE,
} from '../../assembly/constants.js';
import { codecError } from './errors.js';
import type { CoreExports } from './exports.js';
import type { IdentityInput } from './face.js';
import { type CoreMemory, check } from './memory.js';
import { byteString } from './text.js';

const TAGS = { G: TAG_STRING, E: TAG_VARIABLE, o: TAG_SETTING };

export function identity(core: CoreExports, memory: CoreMemory, input: IdentityInput): string {
  const add = (tag: number, string: Uint8Array) => check(core.identity_field(tag, memory.input(string)));
  check(core.identity_begin(memory.input(input.prologue)));
  for (const { tag, bytes } of input.context ?? []) check(core.identity_context(tag, memory.input(bytes)));
  for (const field of input.fields) {
    add(TAGS[field.tag], field.string);
    if (field.tag !== 'E') continue;
    if (field.value) add(TAG_VALUE, field.value);
    else check(core.identity_absent());
  }
  add(TAG_INTERPRETER, input.interpreter);
  for (const argument of input.interpreterArguments) add(TAG_INTERPRETER_ARGUMENT, argument);
  if (input.script) add(TAG_SCRIPT, input.script);
  check(core.identity_end());
  return byteString(memory.view(core.identity_digits(), IDENT_DIGITS));
}

export function identDigits(core: CoreExports, runDirectoryLength: number): number {
  const digits = core.name_digits(runDirectoryLength);
  if (digits === 0) throw codecError(E_RUN_DIRECTORY_TOO_LONG);
  return digits;
}

export function checkIdent(core: CoreExports, memory: CoreMemory, ident: Uint8Array, runDirectoryLength: number): void {
  check(core.name_check(memory.input(ident), runDirectoryLength), ident);
}

export function sha256(core: CoreExports, memory: CoreMemory, pieces: Uint8Array[]): Uint8Array {
  core.sha256_begin();
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += STRING_LIMIT) {
      check(core.sha256_update(memory.input(piece.subarray(at, at + STRING_LIMIT))));
    }
  }
  return memory.copyOut(core.sha256_end(), HASH_BYTES);
}
