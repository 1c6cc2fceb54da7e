import * as native from '../native.js';
import type { Acceptor } from './acceptor.js';
import { Call } from './call.js';
import type { CallTable } from './call-table.js';
import { MAX_SILENT_CALLS, REQUEST_LIMIT_MS, SILENCE_LIMIT_MS } from './limits.js';
import { PEER_GONE, POLLIN, POLLRDHUP, type PollSet } from './poll-set.js';
import type { Heard, Protocol } from './protocol.js';
import type { Log } from './syslog.js';

const NEVER = Number.POSITIVE_INFINITY;

export interface ReceptionParts {
  readonly protocol: Protocol;
  readonly log: Log;
  readonly polled: PollSet;
  readonly calls: CallTable;
  readonly acceptor: Acceptor;
  readonly listener: number;
  /** The client of a call has gone, or has to. */
  clientGone(call: Call): void;
  /** The server must accept no more. */
  retire(why: string): void;
}

/** The coming of calls: from the listener to the moment at which an executor may be forked. Nobody who comes here can hold up another. */
export class Reception {
  readonly #parts: ReceptionParts;
  #listening = false;
  #closed = false;
  #garbledInARow = 0;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  /** Listens while a connection could be dealt with; otherwise callers wait in the kernel's queue. */
  updateListening(): void {
    const { protocol, calls, polled, listener } = this.#parts;
    const handsFree = !protocol.greets || calls.mayAccept;
    const wanted = !this.#closed && handsFree && performance.now() >= this.#roomForSilenceAt();
    if (wanted === this.#listening) return;
    this.#listening = wanted;
    if (wanted) polled.watch(listener, { events: POLLIN, ready: () => this.#accept() });
    else polled.forget(listener);
  }

  /** Takes on a connection. A client that says nothing costs no executor. */
  receive(call: Call): void {
    const { calls, polled, protocol } = this.#parts;
    calls.add(call);
    if (protocol.greet(call)) {
      polled.watch(call.connection, { events: POLLIN | POLLRDHUP, ready: (revents) => this.#ready(call, revents) });
    } else {
      this.#parts.clientGone(call);
    }
  }

  /** Whether a call whose turn it is may be served. If not, this has been seen to. */
  mayServe(call: Call): boolean {
    const { acceptor, protocol } = this.#parts;
    // What was greeted was promised to be served; and what the initial call is to run was loaded for it.
    if (protocol.greets || call.initial) return true;
    const problem = acceptor.judge(call.clientPid);
    if (problem === undefined) return true;
    // This call goes with the others that have no promise: unanswered, so that its client finds or starts another server.
    this.#parts.retire(problem);
    return false;
  }

  /** Looks at what was not there as a whole, and was to be looked at again by now. */
  lookAgain(now: number): void {
    for (const call of this.#parts.calls) {
      if (now < call.lookAt) continue;
      call.lookAt = NEVER;
      if (call.state === 'silent') this.#hear(call, now);
    }
  }

  /** From when on the listener has to be looked at again; Infinity where nothing but a connection can change that. */
  deadline(now: number): number {
    const at = this.#roomForSilenceAt();
    return at > now ? at : NEVER;
  }

  /** Listens no more. Returns the calls to which nothing was promised. */
  close(): Call[] {
    this.#closed = true;
    this.updateListening();
    native.close(this.#parts.listener);
    if (this.#parts.protocol.greets) return [];
    return [...this.#parts.calls].filter(
      ({ state, initial }) => !initial && (state === 'silent' || state === 'waiting'),
    );
  }

  #accept(): void {
    const { acceptor, protocol } = this.#parts;
    const verdict = acceptor.accept(protocol.greets);
    if (verdict === 'nobody') return;
    if ('retire' in verdict) {
      this.#parts.retire(verdict.retire);
      return;
    }
    const silent = this.#silentForLongest();
    if (silent) this.#parts.clientGone(silent);
    const now = performance.now();
    const call = new Call(verdict.connection, verdict.clientPid, false, now + REQUEST_LIMIT_MS, now);
    this.receive(call);
    // A client that speaks first has mostly done so by now.
    if (!protocol.greets && native.queued(verdict.connection) > 0) this.#hear(call, now);
  }

  /** Where as many connections as may say nothing do so: the one that has to go for the next. */
  #silentForLongest(): Call | undefined {
    const { calls } = this.#parts;
    return calls.count('silent') < MAX_SILENT_CALLS ? undefined : calls.first('silent');
  }

  /**
   * From when on a further connection may be accepted, as far as those are concerned that say nothing yet. A client that was greeted is given
   * some time to answer; one that speaks first has no reason to be silent.
   */
  #roomForSilenceAt(): number {
    if (!this.#parts.protocol.greets) return Number.NEGATIVE_INFINITY;
    const silent = this.#silentForLongest();
    return silent ? silent.deadline - REQUEST_LIMIT_MS + SILENCE_LIMIT_MS : Number.NEGATIVE_INFINITY;
  }

  #ready(call: Call, revents: number): void {
    if (revents & PEER_GONE) this.#parts.clientGone(call);
    else this.#hear(call, performance.now());
  }

  #hear(call: Call, now: number): void {
    const heard = this.#ask(call);
    if (heard === 'answered' || heard === 'garbled') {
      this.#parts.clientGone(call);
      return;
    }
    // Whatever comes now is somebody else's to read, or not worth to be woken for; only the end of the client is of interest here.
    this.#parts.polled.watch(call.connection, { events: POLLRDHUP, ready: () => this.#parts.clientGone(call) });
    if (heard === 'part') {
      call.lookLater(now);
      return;
    }
    call.state = heard === 'call' ? 'waiting' : 'attending';
    call.deadline = NEVER;
    this.#garbledInARow = 0;
  }

  #ask(call: Call): Heard | 'garbled' {
    try {
      return this.#parts.protocol.hear(call);
    } catch (error) {
      // Of a peer that does it again and again one is told once.
      if (this.#garbledInARow === 0) this.#parts.log('warning', `a connection was closed: ${(error as Error).message}`);
      this.#garbledInARow += 1;
      return 'garbled';
    }
  }
}
