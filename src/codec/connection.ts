/** A connection, without the connection: bytes that came go in, events come out; what is to be said goes in, bytes to be sent come out. */

import { E_MESSAGE_KIND } from '../../assembly/constants.js';
import { type CodecError, codecError } from '../core/errors.js';
import { firstState, moves, type Role, type State, type Version } from './dialogue.js';
import { encode } from './encode.js';
import { codecFault, guarded } from './errors.js';
import { Held } from './held.js';
import type { ClientSends, FromClient, FromServer, Piece, ServerSends } from './messages.js';
import { callReader, requestReader } from './read-client.js';
import { answerReader, statusReader } from './read-server.js';
import type { Reader } from './reader.js';
import type { Mark } from './reception.js';

/**
 * One end of one connection. Any number of them may be in use at once. None keeps more than the largest message of its version (6.3 MB
 * of a client's, 8 kB of a server's) and the bytes that it was given last.
 *
 * Everything that is thrown is a CodecError. After one of receive(), next() or end() that is the other side's fault nothing more is read: each of
 * them throws it again. send() goes on to work, so that a server can say why it refuses.
 */
export abstract class Connection<Received extends { readonly kind: string }, Sends extends ClientSends | ServerSends> {
  readonly version: Version;
  readonly #role: Role;
  readonly #reader: Reader<Received>;
  readonly #held = new Held();
  /** Reads that descriptors came with, of the message that is under way. */
  #marks: Mark[] = [];
  #state: State;
  #hasUnread = false;
  #hasEnded = false;
  #failure: CodecError | undefined;

  /** @internal */
  protected constructor(version: Version, role: Role, reader: Reader<Received>) {
    this.version = version;
    this.#role = role;
    this.#reader = reader;
    this.#state = firstState(version);
  }

  /** How far the conversation is, with what was sent and with the events that were taken. */
  get state(): State {
    return this.#state;
  }

  /**
   * How many descriptors may come with the next bytes: what recvmsg(2) is to have room for. Leave room for one more, so that too many are
   * seen to be too many. 0 where none may come.
   */
  get descriptorRoom(): number {
    return this.#reader.descriptorRoom(this.#state, this.#held, this.#marks);
  }

  /**
   * Takes the bytes of one read, in any pieces, and says how many descriptors came with them: they belong to the last byte in version 1 and to the first in
   * version 2, as the kernel ends a read behind, and begins one at, bytes that carry some (unix_stream_read_generic in net/unix/af_unix.c). The bytes are copied.
   *
   * Gives what next() gives until there is no more; breaking off leaves the rest to next(). All events have to be taken before the
   * next bytes are handed over, or it is ERR_CODEC_SEQUENCE: so that nothing is piled up here.
   */
  receive(bytes: Uint8Array, descriptors = 0): IterableIterator<Received> {
    if (this.#failure) throw this.#failure;
    if (this.#hasUnread) throw codecFault('ERR_CODEC_SEQUENCE', 'events of the bytes before have not been taken');
    if (this.#hasEnded) throw codecFault('ERR_CODEC_SEQUENCE', 'bytes came behind the end');
    if (this.#role === 'server' && this.#state === 'greeting') {
      throw codecFault('ERR_CODEC_SEQUENCE', 'the greeting has to be sent first');
    }
    const isCount = Number.isInteger(descriptors) && descriptors >= 0 && descriptors < 2 ** 31;
    if (!(bytes instanceof Uint8Array) || !isCount || (descriptors > 0 && bytes.length === 0)) {
      throw codecFault('ERR_CODEC_ARGUMENT', 'receive() takes bytes, and how many descriptors came with them');
    }
    if (descriptors > 0) this.#mark(bytes.length, descriptors);
    this.#held.add(bytes);
    this.#hasUnread = true;
    return this.#events();
  }

  /** The next event; null where it has not come whole. Throws CodecError where the other side is not as the protocol wants it. */
  next(): Received | null {
    if (this.#failure) throw this.#failure;
    const event = this.#try(() => (this.#held.length === 0 ? undefined : this.#read()));
    if (event === undefined) this.#hasUnread = false;
    return event ?? null;
  }

  /**
   * Says that the other side will send no more. Throws ERR_CODEC_TRUNCATED where that is within a message; where it is too early, `state` says it. All events have to be
   * taken before.
   */
  end(): void {
    if (this.#failure) throw this.#failure;
    if (this.#hasUnread) throw codecFault('ERR_CODEC_SEQUENCE', 'events of the bytes before have not been taken');
    this.#hasEnded = true;
    const { length } = this.#held;
    this.#try(() => {
      if (length > 0) throw codecFault('ERR_CODEC_TRUNCATED', `behind ${length} bytes of it`);
    });
  }

  /**
   * What is to be sent for a message, in pieces: each by a sendmsg(2) of its own, its descriptors attached to its first byte. Where
   * the kernel takes a part of a piece the descriptors are gone with it, and the rest is sent without. Throws CodecError, and nothing has
   * changed, where the message may not be sent now or cannot be.
   */
  send(message: Sends): Piece[] {
    const next = moves(this.version, this.#state, this.#role);
    const kind: string = message?.kind;
    if (!Object.hasOwn(next, kind)) {
      const may = Object.keys(next).join(', ') || 'nothing';
      throw codecFault('ERR_CODEC_SEQUENCE', `${kind} cannot be sent in the state ${this.#state}, but ${may}`);
    }
    const pieces = guarded(() => encode(message));
    this.#state = next[kind] as State;
    return pieces;
  }

  *#events(): IterableIterator<Received> {
    for (let event = this.next(); event !== null; event = this.next()) yield event;
  }

  #read(): Received | undefined {
    const event = this.#reader.read(this.#held, this.#marks, this.#state);
    if (event === undefined) return undefined;
    this.#marks = [];
    const next = moves(this.version, this.#state, this.#role === 'client' ? 'server' : 'client');
    if (!Object.hasOwn(next, event.kind)) throw codecError(E_MESSAGE_KIND);
    this.#state = next[event.kind] as State;
    return event;
  }

  #mark(length: number, descriptors: number): void {
    const start = this.#held.length;
    if (this.#role === 'server' && this.#state === 'request') {
      this.#marks.push({ start, end: start + length, descriptors });
    } else {
      this.#failure = codecFault('ERR_CODEC_DESCRIPTORS', `in the state ${this.#state}`);
    }
  }

  /** What is thrown in reading stays. */
  #try<T>(read: () => T): T {
    try {
      return guarded(read);
    } catch (error) {
      this.#failure = error as CodecError;
      throw error;
    }
  }
}

/** The end of a client: it sends a request or a call, or a control, and receives what becomes of it. */
export class ClientConnection extends Connection<FromServer, ClientSends> {
  /** Version 1: the server greets first. Version 2: the client sends at once. */
  constructor(version: Version) {
    super(checked(version), 'client', version === 1 ? statusReader() : answerReader());
  }
}

/** The end of a server, or of the executor that it leaves a connection to. */
export class ServerConnection extends Connection<FromClient, ServerSends> {
  /** Version 1: it has to send a greeting first. Version 2: it waits for what the client wants. */
  constructor(version: Version) {
    super(checked(version), 'server', version === 1 ? requestReader() : callReader());
  }
}

function checked(version: Version): Version {
  if (version !== 1 && version !== 2) throw codecFault('ERR_CODEC_ARGUMENT', `there is no version ${version}`);
  return version;
}
