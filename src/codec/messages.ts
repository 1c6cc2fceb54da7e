/** What the two sides say to each other, in both versions: events where it is received, and what is handed to send(). */
import type { Framing, Message } from '../core/face.js';
import type { Bytes } from './bytes.js';

export type { Framing, Message, Moment } from '../core/face.js';

/** A descriptor that comes along with bytes: by its number in the client, or the working directory (opened with O_PATH). */
export type Descriptor = 'stdin' | 'stdout' | 'stderr' | 'cwd';

/** Version 1, server to client, first of all. */
export interface Greeting {
  readonly kind: 'greeting';
  /** What came with it, for whoever understands it: none from any server that is known, and none is ever sent. */
  readonly extension: Uint8Array;
}

/** Version 1, client to server: what is to be run. */
export interface Request {
  readonly kind: 'request';
  readonly framing: Framing;
  /** The three that came with it, in the order in which they came: they are the receiver's to close. */
  readonly descriptors: readonly Descriptor[];
  /** `NAME=value`, in the order sent. */
  readonly environment: readonly Uint8Array[];
  /** Interpreter, script, the script's arguments. */
  readonly arguments: readonly Uint8Array[];
}

/** Version 1, server to client: how the script ended, as waitpid(2) says it; waitStatus() with `released` says what to do then. */
export interface Status {
  readonly kind: 'status';
  readonly status: number;
}

/** Version 2, client to executor, first of all: what is to be run, and in what circumstances. */
export interface Call {
  readonly kind: 'call';
  /** Those that came with it, in the order in which they came: they are the receiver's to close. What is not among them is closed in the client. */
  readonly descriptors: readonly Descriptor[];
  readonly umask: number | null;
  readonly nice: number | null;
  /** Soft limits by the numbers of getrlimit(2). `soft`: null for no limit. */
  readonly limits: readonly { readonly resource: number; readonly soft: bigint | null }[];
  /** Bit c of byte b is processor 8b+c (sched_getaffinity(2)). */
  readonly affinity: Uint8Array | null;
  /** The script's path as the caller gave it. */
  readonly script: Uint8Array | null;
  /** The script's own. */
  readonly arguments: readonly Uint8Array[];
  /** Each entry of environ(7), also those without a `=`. */
  readonly environment: readonly Uint8Array[];
  /** The client wants to be told the moments of the call. */
  readonly traced: boolean;
}

/** A greeting to be sent: without an extension, as no released client would understand one. */
export interface GreetingToSend {
  readonly kind: 'greeting';
}

/** A request to be sent: its three descriptors always come along. */
export interface RequestToSend {
  readonly kind: 'request';
  /** `released` if it is not given. */
  readonly framing?: Framing;
  /** Entries without a `=` are left out, as the protocol says. */
  readonly environment: readonly Bytes[];
  /** Interpreter, script, the script's arguments. */
  readonly arguments: readonly Bytes[];
}

/** A call to be sent. What is not given is null, false or empty: then the executor keeps what it has. */
export interface CallToSend {
  readonly kind: 'call';
  /** Those that come along, in any order. */
  readonly descriptors: readonly Descriptor[];
  readonly umask?: number | null;
  readonly nice?: number | null;
  readonly limits?: readonly { readonly resource: number; readonly soft: bigint | null }[];
  readonly affinity?: Uint8Array | null;
  readonly script?: Bytes | null;
  readonly arguments: readonly Bytes[];
  readonly environment: readonly Bytes[];
  readonly traced?: boolean;
}

type OfKind<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>;

/** Every small message of version 2 that a client sends, and that a server does. */
export type ClientMessage = OfKind<'control' | 'signal'>;
export type ServerMessage = Exclude<Message, ClientMessage>;

/** What a server receives, and what a client sends. */
export type FromClient = Request | Call | ClientMessage;
export type ClientSends = RequestToSend | CallToSend | ClientMessage;

/** What a client receives, and what a server sends. */
export type FromServer = Greeting | Status | ServerMessage;
export type ServerSends = GreetingToSend | Status | ServerMessage;

/** A part of what is to be sent: by one sendmsg(2), with these descriptors attached to its first byte (SCM_RIGHTS), in this order. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly descriptors: readonly Descriptor[];
}
