/** The core as TypeScript sees it. What each word means is in docs/protocol.md; every rule is in assembly/. */

/** `released`: a byte without a descriptor comes first. `first-design`: the very first byte carries one. */
export type Framing = 'released' | 'first-design';

/** A whole v1 request. All bytes are copies, the caller's to keep. */
export interface Request {
  readonly framing: Framing;
  /** `NAME=value` NUL for each entry, in the order sent; empty where there is none. */
  readonly environment: Uint8Array;
  /** As sent: interpreter, script, arguments; without their NULs. */
  readonly arguments: Uint8Array[];
}

/**
 * Takes a v1 request off a stream socket. Needs no copy: the caller receives straight into the core's memory.
 *
 *     while (!done) { const space = decoder.space(); const r = receive(fd, space, 3); done = decoder.received(r.bytes, ...) }
 */
export interface RequestDecoder {
  /** Where the next recvmsg(2) may write. A view of the core's memory, never empty before the request is complete. */
  space(): Uint8Array;
  /**
   * `bytes` bytes arrived in space(), with `descriptors` descriptors: those belong to the last of these bytes, as the
   * kernel stops a read behind a message that carries some (unix_stream_read_generic in net/unix/af_unix.c).
   * True when the request is complete. Throws CodecError; the decoder is of no more use then, and whatever
   * descriptors came with the bytes are the caller's to close.
   */
  received(bytes: number, descriptors: number): boolean;
  /** The request, once complete; throws CodecError ERR_SEQUENCE before. Each call copies it out of the core anew. */
  readonly request: Request;
}

/** What came of handing bytes to a decoder: bytes beyond `taken` are not its own. */
export type Pushed<T> = { done: false; taken: number } | ({ done: true; taken: number } & T);

/** Takes a greeting; its extension, if any, is skipped. Throws CodecError. */
export interface GreetingDecoder {
  push(bytes: Uint8Array): Pushed<{ extensionBytes: number }>;
}

/** Takes the status at the end of a call. */
export interface StatusDecoder {
  push(bytes: Uint8Array): Pushed<{ status: number }>;
}

/** A v2 call: what the script is to be run with. All bytes are the caller's to keep. */
export interface ContextCall {
  /** Bits 0 to 2: descriptor 0 to 2 is open in the client; one descriptor comes along for each, in order. */
  stdio: number;
  /** One more descriptor comes along, last: the working directory. */
  cwd: boolean;
  umask: number | null;
  nice: number | null;
  /** `soft`: null for no limit. */
  limits: { resource: number; soft: bigint | null }[];
  /** Bit c of byte b is processor 8b+c. */
  affinity: Uint8Array | null;
  /** As the caller gave it. */
  script: Uint8Array | null;
  /** The script's own, without their NULs. */
  arguments: Uint8Array[];
  /** Each entry with its NUL, also those without a `=`. */
  environment: Uint8Array;
  /** Its client wants to be told its moments. Where a call is decoded that is not said again: the header says it (MessageHeader). */
  traced?: boolean;
}

/** Takes a v2 call off a stream socket, as RequestDecoder does a v1 request: received straight into the core's memory. */
export interface CallDecoder {
  /** Where the next recvmsg(2) may write. A view of the core's memory, never empty before the call is complete. */
  space(): Uint8Array;
  /**
   * `bytes` bytes arrived in space(), with `descriptors` descriptors, which can be only with the very first. True when the
   * call is complete and their number is what it says. Bytes behind the call are an error, so that none is lost unseen.
   * Throws CodecError; the decoder is of no more use then, and the descriptors are the caller's to close.
   */
  received(bytes: number, descriptors: number): boolean;
  /** The call, once complete; throws CodecError ERR_CORE_SEQUENCE before. Each use copies it out of the core anew. */
  readonly call: ContextCall;
}

/** Every message of v2 but the call. */
export type Message =
  | { kind: 'signal'; signal: number }
  | { kind: 'control'; operation: 'status' | 'stop' }
  | { kind: 'started'; pid: number }
  | { kind: 'stopped'; signal: number }
  | { kind: 'continued' }
  | { kind: 'ended'; status: number }
  | { kind: 'refused'; reason: string }
  | {
      kind: 'reply';
      pid: number;
      running: number;
      waiting: number;
      /** Executors that wait for a call. */
      spares: number;
      calls: bigint;
      uptimeMs: bigint;
      /** How long ago the last call ended, or the server began; 0 while there is one. */
      idleMs: bigint;
      script: Uint8Array | null;
      /** Why it would not serve another call, but retire; null where it would. May be cut short. */
      stale: string | null;
    }
  /** Of a traced call, before `ended`. */
  | { kind: 'moments'; moments: readonly Moment[] };

/** When something was so far, in a traced call. */
export interface Moment {
  /** One of the MOMENT_ of assembly/constants.ts, or another version's. */
  moment: number;
  /** Nanoseconds of CLOCK_MONOTONIC. */
  at: bigint;
}

/** Takes messages off a connection. Each decoder keeps its own bytes, at most one message's: many may live at once. */
export interface MessageDecoder {
  /**
   * All messages that are complete now, but those of kinds that are not known, which are skipped. What is left is kept for
   * the next time. Throws CodecError, also where a call comes; the decoder is of no more use then.
   */
  push(bytes: Uint8Array): Message[];
}

/** What a message's first 8 bytes say. */
export interface MessageHeader {
  kind: 'call' | Message['kind'];
  bodyBytes: number;
  /** Of a call: its client wants to be told its moments. */
  traced: boolean;
}

/** What a wait status asks of the one who reproduces it. */
export type Meaning =
  | { action: 'exit'; code: number }
  /** `core`: a core was dumped; only table `exact` raises then. */
  | { action: 'raise'; signal: number; core: boolean }
  /** Say that `signal` ended the script, or, where it is null, that `status` is none of a finished process. */
  | { action: 'message'; signal: number | null; core: boolean; status: number };

/** Tables of meanings: `released` is what the released client does, `exact` raises whatever signal it was, core or not. */
export type WaitTable = 'released' | 'exact';

export type Mode = 'run' | 'fresh' | 'kill' | 'help' | 'explain' | 'examine';

/** A `-G STRING`, a `-E VAR`, or an option of the server, `NAME=VALUE`. */
export interface OptionField {
  tag: 'G' | 'E' | 'o';
  string: Uint8Array;
}

/** What a command line says. With mode `help` only the mode means something. */
export interface Options {
  mode: Mode;
  /** `-U`, `-L`. */
  mediation: 'unlaundered' | 'laundered' | null;
  /** `--strict`. */
  strict: boolean;
  /** `--direct-on-tty`. */
  directOnTty: boolean;
  /** `-g IDENT`. */
  ident: Uint8Array | null;
  fields: OptionField[];
  interpreter: Uint8Array;
  interpreterArguments: Uint8Array[];
  /** Place of the script in argv, or null where none was given. */
  scriptIndex: number | null;
  /** Place of the script's first argument in argv; its length where there is none. */
  firstArgument: number;
}

export interface IdentityField {
  tag: 'G' | 'E' | 'o';
  string: Uint8Array;
  /** `-E`: the variable's value, null where it is not set. */
  value?: Uint8Array | null;
}

export interface IdentityInput {
  /** The first byte is the scheme: 0 (that byte and nothing else), 1 or 2 (followed by a 1 and nothing else). */
  prologue: Uint8Array;
  /** Scheme 2: the circumstances that count, in the order of their tags (CONTEXT_ in assembly/constants.ts). */
  context?: { tag: number; bytes: Uint8Array }[];
  fields: IdentityField[];
  interpreter: Uint8Array;
  interpreterArguments: Uint8Array[];
  script: Uint8Array | null;
}

/** A rendezvous as preclean sees it. */
export interface PrecleanEntry {
  /** A name in the run directory, with its letter; others than those beginning with `l` or `s` are passed over. */
  name: Uint8Array;
  /** Last use in nanoseconds since the epoch, 0 where there is no socket. Of two entries of one ident the newer counts. */
  lastUse: bigint;
}

export interface Core {
  encodeGreeting(): Uint8Array;
  encodeStatus(waitStatus: number): Uint8Array;
  /** Environment entries without a `=` are left out, as the protocol says. For embedders and tests. */
  encodeRequest(framing: Framing, environment: Uint8Array[], args: Uint8Array[]): Uint8Array;
  /** One at a time per core: a new one ends the one before. */
  requestDecoder(): RequestDecoder;
  /** One at a time per core, request decoders and encoders counted: a new one ends the one before. */
  callDecoder(): CallDecoder;
  /** For embedders and tests. */
  encodeCall(call: ContextCall): Uint8Array;
  /** A message; throws CodecError ERR_CORE_ARGUMENT where it holds what cannot be sent. A reason may be cut short. */
  encodeMessage(message: Message): Uint8Array;
  messageDecoder(): MessageDecoder;
  /** Judges the first 8 bytes of a first message that was only looked at; throws CodecError. */
  messageHeader(bytes: Uint8Array): MessageHeader;
  greetingDecoder(): GreetingDecoder;
  statusDecoder(): StatusDecoder;
  waitStatus(status: number, table?: WaitTable): Meaning;
  /** `argv` as main() gets it: argv[0] is the program. */
  parseOptions(argv: Uint8Array[]): Options;
  /** 64 lower-case hexadecimal digits. */
  identity(input: IdentityInput): string;
  /** How many digits of it the rendezvous' name gets below a run directory whose path is so long. */
  identDigits(runDirectoryLength: number): number;
  /** Throws where a `-g IDENT` may not be the name below a run directory whose path is so long. */
  checkIdent(ident: Uint8Array, runDirectoryLength: number): void;
  /** Idents (names without their letter) that are to be removed, oldest first, of equal age by name. `kept`: so many are left in peace, 100 where not given. */
  preclean(entries: PrecleanEntry[], identInUse: Uint8Array, kept?: number): Uint8Array[];
  /** SHA-256 of some bytes handed over in pieces. */
  sha256(pieces: Uint8Array[]): Uint8Array;
}
