/** The rules beside the wire, as functions: they keep nothing, and all that they throw is CodecError. */
import { PRECLEAN_KEEP } from '../../assembly/constants.js';
import type * as face from '../core/face.js';
import * as core from '../core/identity.js';
import { number32 } from '../core/memory.js';
import * as options from '../core/options.js';
import * as precleaning from '../core/preclean.js';
import * as wire from '../core/wire.js';
import { type Bytes, listOfBytes, toBytes } from './bytes.js';
import { guarded } from './errors.js';
import { theCore } from './the-core.js';

/** What two calls have to have in common to share a server. What each part is, is said in docs/protocol.md, "Identity". */
export interface IdentityInput {
  /** Its first byte is the scheme: 0 (that byte and nothing else), 1 (as released), or 2 (followed by a 1 and nothing else). */
  readonly prologue: Uint8Array;
  /** Scheme 2 only: the circumstances that count, in the order of their tags. */
  readonly context?: readonly { readonly tag: number; readonly bytes: Uint8Array }[];
  /** Each `-G STRING` and `-E VAR`, in the order given. `value`: of -E, null where the variable is not set. */
  readonly fields?: readonly { readonly tag: 'G' | 'E' | 'o'; readonly string: Bytes; readonly value?: Bytes | null }[];
  readonly interpreter: Bytes;
  readonly interpreterArguments?: readonly Bytes[];
  readonly script?: Bytes | null;
}

/** The identity of a call: 64 lower-case hexadecimal digits. */
export function identity(input: IdentityInput): string {
  return guarded(() => {
    const { exports, memory } = theCore();
    const fields = (input.fields ?? []).map(({ tag, string, value }) => ({
      tag,
      string: toBytes(string),
      value: optional(value),
    }));
    return core.identity(exports, memory, {
      prologue: toBytes(input.prologue),
      context: (input.context ?? []).map(({ tag, bytes }) => ({ tag, bytes: toBytes(bytes) })),
      fields,
      interpreter: toBytes(input.interpreter),
      interpreterArguments: listOfBytes(input.interpreterArguments ?? []),
      script: optional(input.script),
    });
  });
}

/**
 * How many digits of the identity the rendezvous' name gets (64, or fewer) below a run directory whose path has so many bytes, so that it fits into a
 * socket's address. Throws ERR_RUN_DIRECTORY_TOO_LONG where they would be fewer than 33.
 */
export function identDigits(runDirectoryBytes: number): number {
  return guarded(() => core.identDigits(theCore().exports, runDirectoryBytes));
}

/** Throws where a name given with -g may not be a rendezvous' below such a run directory: ERR_IDENT_EMPTY, _SLASH, _TOO_LONG, ERR_STRING_WITH_NUL. */
export function checkIdent(ident: Bytes, runDirectoryBytes: number): void {
  guarded(() => core.checkIdent(theCore().exports, theCore().memory, toBytes(ident), runDirectoryBytes));
}

/** What a command line of prefork-interp, or a `#!` line, says. `argv` as main() gets it: its first word is the program. */
export function parseOptions(argv: readonly Bytes[]): face.Options {
  return guarded(() => options.parseOptions(theCore().exports, theCore().memory, listOfBytes(argv)));
}

/** A name in the run directory, and its last use in nanoseconds since the epoch (0 where there is no socket). */
export interface PrecleanEntry {
  readonly name: Bytes;
  readonly lastUse: bigint;
}

/**
 * Which rendezvous are to be removed, where there are more than `kept` (1 to 1000, 100 as a client has it where it is told nothing else): their idents (names without their letter), least recently used first, of
 * equal age by name, and never `identInUse`. At most 4096 names are looked at.
 */
export function preclean(entries: readonly PrecleanEntry[], identInUse: Bytes, kept = PRECLEAN_KEEP): Uint8Array[] {
  return guarded(() => {
    const named = entries.map(({ name, lastUse }) => ({ name: toBytes(name), lastUse }));
    return precleaning.preclean(theCore().exports, theCore().memory, named, toBytes(identInUse), kept);
  });
}

/**
 * What a wait status (waitpid(2)) asks of the one who reproduces it. `table`: `released` for version 1, where five signals are raised and
 * the others reported; `exact` for version 2, where each is raised.
 */
export function waitStatus(status: number, table: face.WaitTable): face.Meaning {
  return guarded(() => wire.waitStatus(theCore().exports, number32(status), table));
}

function optional(bytes: Bytes | null | undefined): Uint8Array | null {
  return bytes === undefined || bytes === null ? null : toBytes(bytes);
}
