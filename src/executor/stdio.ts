/**
 * `process.stdin`, `stdout` and `stderr` when initialisation has used them already. Node makes each of them at its first use, after
 * the kind of its descriptor, and never again. In an executor the descriptors are others, perhaps of another kind. Those that
 * were not used yet need nothing. The others are made anew *in place*, so that whoever holds one (console, a logger) has the right one.
 *
 * What is repeated here is what lib/internal/bootstrap/switches/is_main_thread.js of Node does in getStdin and getStdout.
 */
import { fstatSync, ReadStream, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import tty from 'node:tty';
import { ownProperties, settingsOf } from './stream-settings.js';

type Name = 'stdin' | 'stdout' | 'stderr';
type Kind = 'tty' | 'file' | 'pipe' | 'none';
type Listener = (...args: unknown[]) => void;

/** A stream of Node's as it is inside: constructors are functions, which can be called on an object that exists. */
interface StandardStream extends NodeJS.EventEmitter {
  fd?: number;
  _type?: string;
  _isStdio?: boolean;
  _handle?: { close(): void; reading?: boolean; readStop?(): void; hasRef?(): boolean } | null;
  _destroy?: (error: Error | null, done: (error: Error | null) => void) => void;
  _readableState?: { reading: boolean; constructed?: boolean; encoding?: BufferEncoding | null };
  _writableState?: {
    constructed?: boolean;
    ended?: boolean;
    emitClose?: boolean;
    defaultEncoding?: BufferEncoding;
  };
  _construct?: (done: () => void) => void;
  _undestroy?: () => void;
  _refreshSize?: () => void;
  destroy?: () => void;
  destroyed?: boolean;
  destroySoon?: () => void;
}
type Constructor = { call(on: object, ...args: unknown[]): void; prototype: object };

interface Made {
  readonly stream: StandardStream;
  /** What it had of its own when Node had made it. */
  readonly properties: ReadonlyMap<PropertyKey, PropertyDescriptor>;
  /** The listeners that Node itself had put on it then. */
  readonly own: ReadonlyMap<string | symbol, readonly unknown[]>;
  /** What Node listens with for a new size of the terminal, if it is one. */
  readonly resize: readonly NodeJS.SignalsListener[];
  /** Made by us, for V8 to learn how: nobody has it yet. */
  readonly ahead: boolean;
}

const NAMES: readonly Name[] = ['stdin', 'stdout', 'stderr'];
const getters = new Map<Name, PropertyDescriptor>();
const made = new Map<Name, Made>();
/** Those that this puts in the place of Node's. */
const ours = new Set<unknown>();

/** From now on it is known which of the three are used. */
export function watchStandardStreams(): void {
  for (const name of NAMES) {
    const original = Object.getOwnPropertyDescriptor(process, name);
    if (!original?.get) continue;
    getters.set(name, original);
    define(name, () => make(name, false).stream);
  }
}

function define(name: Name, get: () => unknown): void {
  ours.add(get);
  Object.defineProperty(process, name, { ...getters.get(name), get });
}

function make(name: Name, ahead: boolean): Made {
  const known = made.get(name);
  if (known) return known;
  const before = process.listeners('SIGWINCH');
  const stream = getters.get(name)?.get?.call(process) as StandardStream;
  const resize = process.listeners('SIGWINCH').filter((listener) => !before.includes(listener));
  const now = { stream, properties: ownProperties(stream), own: listenersOf(stream), resize, ahead };
  made.set(name, now);
  return now;
}

/**
 * In an executor, once its descriptors are in place. Those that nobody has yet wait for their first use. `rehearsed`: those that initialisation has used
 * stay as they are.
 */
export function renewStandardStreams(rehearsed: boolean): void {
  for (const [name, descriptor] of getters) {
    const before = made.get(name);
    if (before && !before.ahead && !rehearsed) renew(before, NAMES.indexOf(name));
    // Where the script has put something of its own there, that stays.
    const current = Object.getOwnPropertyDescriptor(process, name);
    if (!ours.has(current?.get) || !current?.configurable) continue;
    if (before?.ahead) define(name, renewing(before, name));
    else if (!rehearsed) Object.defineProperty(process, name, descriptor);
  }
}

function renewing(before: Made, name: Name): () => StandardStream {
  return () => {
    Object.defineProperty(process, name, getters.get(name) as PropertyDescriptor);
    renew(before, NAMES.indexOf(name));
    return before.stream;
  };
}

/** In a server: standard output and error as of the kind that descriptors 1 and 2 are of now. Undefined where they are initialisation's already. */
export function outputAhead(): readonly [Writable, Writable] | undefined {
  const both = (['stdout', 'stderr'] as const).map((name) => make(name, true));
  if (both.some(({ ahead }) => !ahead)) return undefined;
  for (const [at, one] of both.entries()) renew(one, at + 1);
  return both.map(({ stream }) => stream as unknown as Writable) as [Writable, Writable];
}

function renew({ stream, properties, own, resize, ahead }: Made, descriptor: number): void {
  // What has been rehearsed with it is nobody's.
  const kept = ahead ? [] : [...listenersOf(stream)];
  const theirs = kept.map(([event, listeners]) => {
    const nodes = own.get(event) ?? [];
    return [event, listeners.filter((listener) => !nodes.includes(listener))] as const;
  });
  const set = ahead ? undefined : settingsOf(stream, properties);
  const constructing = stream._readableState?.constructed === false || stream._writableState?.constructed === false;
  // Of the first three descriptors libuv closes none with their handles (uv__stream_close): only the handle itself goes.
  stream._handle?.close();
  for (const key of Reflect.ownKeys(stream)) Reflect.deleteProperty(stream, key);
  const kind = kindOf(descriptor);
  if (descriptor === 0) makeInput(stream, kind, own);
  else makeOutput(stream, kind, descriptor, resize);
  stream.fd = descriptor;
  if (constructing) awaitConstruction(stream);
  for (const [event, listeners] of theirs) for (const listener of listeners) stream.on(event, listener as Listener);
  set?.(stream);
}

/**
 * A stream over a file is constructed in the next tick (construct in lib/internal/streams/destroy.js). Where that tick is still to
 * come, it will ask a stream that by now may be of a class without such a step.
 */
function awaitConstruction(stream: StandardStream): void {
  if (stream._construct) return;
  const value = (done: () => void) => {
    Reflect.deleteProperty(stream, '_construct');
    done();
  };
  Object.defineProperty(stream, '_construct', { value, configurable: true });
}

function makeInput(stream: StandardStream, kind: Kind, own: Made['own']): void {
  if (kind === 'tty') become(stream, tty.ReadStream, 0);
  else if (kind === 'file') become(stream, ReadStream, null, { fd: 0, autoClose: false });
  else if (kind === 'pipe') become(stream, Socket, { fd: 0, readable: true, writable: false, manualStart: true });
  else {
    become(stream, Readable, { read() {} });
    (stream as unknown as Readable).push(null);
  }
  // Nobody can end() it.
  if (kind === 'pipe' && stream._writableState) stream._writableState.ended = true;
  // It starts out paused, and Node's own listener stops the handle when it is paused again.
  if (stream._handle?.readStop) {
    stream._handle.reading = false;
    if (stream._readableState) stream._readableState.reading = false;
    stream._handle.readStop();
  }
  for (const listener of own.get('pause') ?? []) stream.on('pause', listener as Listener);
}

function makeOutput(stream: StandardStream, kind: Kind, descriptor: number, resize: Made['resize']): void {
  if (kind === 'tty') become(stream, tty.WriteStream, descriptor);
  else if (kind === 'pipe') become(stream, Socket, { fd: descriptor, readable: false, writable: true });
  else if (kind === 'file') become(stream, SyncWriteStream as unknown as Constructor, descriptor);
  else become(stream, Writable, { write: (_chunk: unknown, _encoding: unknown, done: () => void) => done() });
  if (kind !== 'none') stream._type = kind === 'file' ? 'fs' : kind;
  stream._isStdio = true;
  // As Node has it: the standard streams end, but their descriptors are not closed.
  if (stream.destroy) stream.destroySoon = stream.destroy;
  stream._destroy = keepDescriptor;
  if (kind !== 'tty') for (const listener of resize) process.off('SIGWINCH', listener);
  else if (resize.length === 0) process.on('SIGWINCH', () => stream._refreshSize?.());
}

function keepDescriptor(this: StandardStream, error: Error | null, done: (error: Error | null) => void): void {
  done(error);
  this._undestroy?.();
  if (!this._writableState?.emitClose) process.nextTick(() => this.emit('close'));
}

/** Makes `stream` an object of another class, by calling that class's constructor on it. */
function become(stream: StandardStream, what: unknown, ...args: unknown[]): void {
  Object.setPrototypeOf(stream, (what as Constructor).prototype);
  (what as Constructor).call(stream, ...args);
}

/** A file as standard output, written at once, as Node's internal stream of this name does it. */
function SyncWriteStream(this: Writable & { fd: number }, descriptor: number): void {
  (Writable as unknown as Constructor).call(this, { autoDestroy: true });
  this.fd = descriptor;
  Object.assign(this, { readable: false, autoClose: false });
}
SyncWriteStream.prototype = Object.create(Writable.prototype, {
  constructor: { value: SyncWriteStream, writable: true, configurable: true },
  _write: {
    value(this: { fd: number }, chunk: Buffer, _encoding: string, done: (error?: Error) => void) {
      try {
        for (let written = 0; written < chunk.length; ) written += writeSync(this.fd, chunk, written);
      } catch (error) {
        done(error as Error);
        return;
      }
      done();
    },
  },
});

/** What libuv's uv_guess_handle makes of a descriptor, so far as Node tells standard streams apart. */
function kindOf(descriptor: number): Kind {
  if (tty.isatty(descriptor)) return 'tty';
  try {
    const stat = fstatSync(descriptor);
    if (stat.isFIFO() || stat.isSocket()) return 'pipe';
    if (stat.isFile() || stat.isCharacterDevice()) return 'file';
  } catch {
    // EBADF: the caller has closed it.
  }
  return 'none';
}

function listenersOf(stream: NodeJS.EventEmitter): Map<string | symbol, unknown[]> {
  return new Map(stream.eventNames().map((event) => [event, stream.rawListeners(event)]));
}
