import { hasSubscribers } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { Duplex, Readable, Stream, Writable } from 'node:stream';
import { WriteStream } from 'node:tty';
import { inspect } from 'node:util';

/** What this library and Node's own streams and console go through when a call is rehearsed, and what a script can put something of its own into. */
const SHARED: readonly object[] = [
  ...[Object, Array, Function, String, Number, Map, Set, Promise, Uint8Array, Int32Array, Buffer].flatMap((type) => [
    type,
    type.prototype,
  ]),
  ...[EventEmitter, Stream, Readable, Writable, Duplex, Socket, WriteStream].map(({ prototype }) => prototype),
  Reflect,
];
const { getOwnPropertyDescriptor, is } = Object;
const { ownKeys } = Reflect;

type Seen = ReadonlyMap<PropertyKey, unknown>;

let seen: readonly Seen[] | undefined;

/** From now on it is known whether the script changes what all programs share. */
export function watchShared(): void {
  seen = SHARED.map((object) => new Map(ownKeys(object).map((key) => [key, partOf(object, key)])));
}

/**
 * Whether functions that all programs share are still those that were there before the script. If not, the script's own are called in their place: they would see what
 * was no call, and every call would find what they had counted.
 */
export function isSharedPristine(): boolean {
  if (!seen) return false;
  if ([Object, Array].some(({ prototype }) => getOwnPropertyDescriptor(prototype, inspect.custom))) return false;
  if (hasSubscribers('console.log') || hasSubscribers('console.error')) return false;
  return seen.every((parts, at) => {
    for (const [key, part] of parts) if (!is(partOf(SHARED[at] as object, key), part)) return false;
    return true;
  });
}

function partOf(object: object, key: PropertyKey): unknown {
  const descriptor = getOwnPropertyDescriptor(object, key);
  return descriptor?.get ?? descriptor?.value;
}
