import { MESSAGE_HEADER_BYTES, MOMENT_SERVER_TELLS } from '../../assembly/constants.js';
import type { Core, Message } from '../core.js';
import * as native from '../native.js';
import type { Call } from './call.js';
import { CallTrace } from './call-trace.js';
import { WHOLE_CALL_BYTES } from './limits.js';
import { POLLIN } from './poll-set.js';
import type { Heard, Protocol } from './protocol.js';

const SIGCONT = native.signalNumber('SIGCONT');

/** More than a client sends between two looks; what does not fit is read with the next. */
const READ_BYTES = 4096;

/** What a control program may ask of a server. */
export interface Controlled {
  /** What it does now. */
  state(): Message & { kind: 'reply' };
  /** Serves out what it has begun, and goes. */
  stop(): void;
}

/** Version 2: the client speaks first; while its call runs, signals go one way, and what becomes of the executor the other. */
export class ProtocolV2 implements Protocol {
  readonly greets = false;
  readonly heardWhileRunning = POLLIN;
  /** As after any script: what it has left in the background lives on. */
  readonly interruptsGroup = false;
  readonly #core: Core;
  readonly #controlled: Controlled;
  readonly #header = new Uint8Array(MESSAGE_HEADER_BYTES);
  readonly #buffer = new Uint8Array(READ_BYTES);

  constructor(core: Core, controlled: Controlled) {
    this.#core = core;
    this.#controlled = controlled;
  }

  greet(): boolean {
    return true;
  }

  /** Looks, and takes nothing: the call is its executor's to read, with the descriptors that are attached to its first byte. */
  hear(call: Call): Heard {
    const seen = native.peek(call.connection, this.#header);
    const queued = native.queued(call.connection);
    if (queued < MESSAGE_HEADER_BYTES) return 'part';
    // The kernel ends a read behind a piece that has descriptors. A header in several pieces is for the executor to make out.
    if (seen < MESSAGE_HEADER_BYTES) return 'call';
    const { kind, bodyBytes, traced } = this.#core.messageHeader(this.#header);
    const wanted = MESSAGE_HEADER_BYTES + bodyBytes;
    if (kind === 'call') {
      if (queued < Math.min(wanted, WHOLE_CALL_BYTES)) return 'part';
      if (traced) call.trace = new CallTrace(call.acceptedAt);
      return 'call';
    }
    if (kind !== 'control') throw new Error(`a connection began with a message of kind ${kind}`);
    return queued >= wanted ? this.#answer(call) : 'part';
  }

  relay(call: Call): boolean {
    const messages = this.#receive(call);
    for (const message of messages ?? []) {
      if (message.kind !== 'signal') continue;
      if (message.signal === SIGCONT) call.continuedByClient = true;
      call.signalGroup(message.signal);
    }
    return messages !== undefined;
  }

  refuse(call: Call, reason: string): void {
    this.#tell(call, { kind: 'refused', reason });
  }

  /** Several changes may have come since: each is told, in their order. */
  look(call: Call): void {
    for (let change = native.waitChange(call.pid); change; change = native.waitChange(call.pid)) {
      this.#tell(call, change);
      // The client has stopped because the executor has. If somebody else lets that go on, nobody else lets the client.
      if (change.kind === 'continued' && !call.continuedByClient) call.continueClient();
      call.continuedByClient = false;
      call.stopped = change.kind === 'stopped';
    }
  }

  ended(call: Call, status: number): void {
    if (call.trace) {
      call.trace.note(MOMENT_SERVER_TELLS);
      this.#tell(call, { kind: 'moments', moments: call.trace.moments });
    }
    this.#tell(call, { kind: 'ended', status });
    if (call.stopped) call.continueClient();
  }

  #answer(call: Call): Heard {
    const [message] = this.#receive(call) ?? [];
    if (message?.kind !== 'control') throw new Error('an inquiry that is none');
    this.#tell(call, this.#controlled.state());
    if (message.operation === 'status') return 'answered';
    this.#controlled.stop();
    return 'attending';
  }

  /** What has come, as messages; undefined at the end of the connection. */
  #receive(call: Call): Message[] | undefined {
    call.messages ??= this.#core.messageDecoder();
    const { bytes } = native.receive(call.connection, this.#buffer, 0, native.MSG_DONTWAIT);
    return bytes === 0 ? undefined : call.messages.push(this.#buffer.subarray(0, bytes));
  }

  /** Where this fails the client has gone in this very moment, and there is nobody left to tell. */
  #tell(call: Call, message: Message): void {
    call.send(this.#core.encodeMessage(message));
  }
}
