import type { Core } from '../core.js';
import * as native from '../native.js';
import type { Handover } from '../setup/handover.js';
import type { ServerOptions } from '../setup/options.js';
import { Acceptor } from './acceptor.js';
import { Call } from './call.js';
import { CallTable } from './call-table.js';
import { Executions } from './executions.js';
import { GROUP_LOOK_MS, MAX_GREETED_CALLS, REQUEST_LIMIT_MS, SILENCE_LIMIT_MS } from './limits.js';
import { POLLERR, POLLHUP, POLLIN, POLLRDHUP, PollSet } from './poll-set.js';
import { rehearse } from './rehearsal.js';
import type { Staleness } from './staleness.js';
import type { Log } from './syslog.js';
import { readWatcher } from './watcher.js';

/** The longest that poll(2) can be told to wait. */
const MAX_POLL_MS = 0x7fffffff;
const NEVER = Number.POSITIVE_INFINITY;

export interface ServerParts {
  readonly core: Core;
  readonly log: Log;
  readonly staleness: Staleness;
  /** The standard error of setup, for trouble with the initial call; -1 where it is closed. The server owns it. */
  readonly setupErrors: number;
}

/** What the server leaves to the process that is to become the call. */
export interface ForkedCall {
  /** The connection to the client, from which the request is still to be read. */
  readonly connection: number;
  /** Where trouble is to be told besides the log; -1: nowhere. */
  readonly setupErrors: number;
}

/**
 * Accepts calls and judges whether they may be served; forks an executor for each; sees to the end of executor and
 * client. What a call sends never comes here: it is the executor that reads it.
 */
export class Server {
  readonly #greeting: Uint8Array;
  readonly #core: Core;
  readonly #log: Log;
  readonly #acceptor: Acceptor;
  readonly #idleTimeoutMs: number;
  readonly #handover: Handover;
  readonly #polled = new PollSet();
  readonly #calls: CallTable;
  readonly #executions: Executions;
  #setupErrors: number;
  #listening = false;
  #retired = false;
  #rehearsed = false;
  #lastUse = performance.now();

  constructor(parts: ServerParts, handover: Handover, options: ServerOptions) {
    this.#core = parts.core;
    this.#greeting = parts.core.encodeGreeting();
    this.#log = parts.log;
    this.#setupErrors = parts.setupErrors;
    this.#handover = handover;
    this.#acceptor = new Acceptor(handover.listener, options.maxErrors, parts.staleness, parts.log);
    this.#calls = new CallTable(options.maxServers);
    this.#executions = new Executions({
      core: parts.core,
      log: parts.log,
      polled: this.#polled,
      calls: this.#calls,
      end: (call) => this.#end(call),
    });
    this.#idleTimeoutMs = options.idleTimeoutSeconds < 0 ? NEVER : options.idleTimeoutSeconds * 1000;
  }

  /** Serves until it is time to go, and then ends the process. Returns in each executor, and nowhere else. */
  serve(): ForkedCall {
    this.#polled.watch(this.#handover.watcherErrors, { events: POLLIN, ready: () => this.#hearWatcher() });
    this.#greet(new Call(this.#handover.call, true, performance.now() + REQUEST_LIMIT_MS));
    for (;;) {
      const forked = this.#startWaitingCalls();
      if (forked) return forked;
      this.#rehearseOnce();
      this.#updateListening();
      this.#polled.wait(this.#untilDeadline());
      this.#passDeadlines();
      if (this.#retired && this.#calls.size === 0) native.exitNow(0);
    }
  }

  /** Listens while one more call could be started at once; otherwise calls wait in the kernel's queue, ungreeted. */
  #updateListening(): void {
    const wanted = !this.#retired && this.#calls.mayAccept && performance.now() >= this.#roomForSilenceAt();
    if (wanted === this.#listening) return;
    this.#listening = wanted;
    if (wanted) this.#polled.watch(this.#handover.listener, { events: POLLIN, ready: () => this.#accept() });
    else this.#polled.forget(this.#handover.listener);
  }

  #accept(): void {
    const verdict = this.#acceptor.accept();
    if (verdict === 'nobody') return;
    if ('retire' in verdict) {
      this.#retire(verdict.retire);
      return;
    }
    const silent = this.#silentForLongest();
    if (silent) this.#end(silent);
    this.#greet(new Call(verdict.connection, false, performance.now() + REQUEST_LIMIT_MS));
  }

  /** Where as many connections as may say nothing do so: the one that has to go for the next. */
  #silentForLongest(): Call | undefined {
    return this.#calls.count('greeted') < MAX_GREETED_CALLS ? undefined : this.#calls.first('greeted');
  }

  /** From when on a further connection may be accepted, as far as those are concerned that say nothing yet. */
  #roomForSilenceAt(): number {
    const silent = this.#silentForLongest();
    return silent ? silent.deadline - REQUEST_LIMIT_MS + SILENCE_LIMIT_MS : Number.NEGATIVE_INFINITY;
  }

  /** Sends the greeting, and waits for the request to begin: a client that says nothing costs no executor. */
  #greet(call: Call): void {
    this.#lastUse = performance.now();
    this.#calls.add(call);
    if (!call.send(this.#greeting)) {
      this.#end(call);
      return;
    }
    this.#polled.watch(call.connection, {
      events: POLLIN | POLLRDHUP,
      ready: (revents) => {
        if (revents & (POLLRDHUP | POLLHUP | POLLERR)) return this.#executions.clientGone(call);
        call.state = 'waiting';
        call.deadline = NEVER;
        // From here on what comes is the executor's to read, and only the end of the client is the server's business.
        this.#polled.watch(call.connection, { events: POLLRDHUP, ready: () => this.#executions.clientGone(call) });
      },
    });
  }

  #startWaitingCalls(): ForkedCall | undefined {
    for (const call of this.#calls) {
      if (call.state !== 'waiting' || !this.#calls.mayStart) continue;
      if (this.#executions.start(call)) return this.#inExecutor(call);
      if (call.initial) this.#closeSetupErrors();
    }
    return undefined;
  }

  /** Once the first call is on its way: makes those that follow cheaper. */
  #rehearseOnce(): void {
    if (this.#rehearsed || this.#calls.count('running') === 0) return;
    this.#rehearsed = true;
    try {
      rehearse(this.#core);
    } catch (error) {
      // Calls are served all the same, only slower.
      this.#log('warning', `a request could not be rehearsed: ${(error as Error).message}`);
    }
  }

  /** In the new process: lets go of everything that belongs to the server or to other calls. */
  #inExecutor(call: Call): ForkedCall {
    const { connection } = call;
    call.connection = -1;
    for (const other of this.#calls) other.closeDescriptors();
    native.close(this.#handover.watcherInput);
    native.close(this.#handover.watcherErrors);
    if (!this.#retired) native.close(this.#handover.listener);
    if (!call.initial) this.#closeSetupErrors();
    return { connection, setupErrors: this.#setupErrors };
  }

  #untilDeadline(): number {
    let deadline = this.#calls.size === 0 ? this.#lastUse + this.#idleTimeoutMs : this.#calls.deadline;
    const now = performance.now();
    if (this.#roomForSilenceAt() > now) deadline = Math.min(deadline, this.#roomForSilenceAt());
    if (this.#calls.hasOrphans) deadline = Math.min(deadline, now + GROUP_LOOK_MS);
    if (deadline === NEVER) return -1;
    return Math.min(Math.max(0, Math.ceil(deadline - now)), MAX_POLL_MS);
  }

  #passDeadlines(): void {
    const now = performance.now();
    if (this.#calls.size === 0 && now >= this.#lastUse + this.#idleTimeoutMs) {
      this.#retire(`nothing was called for ${this.#idleTimeoutMs / 1000} seconds`);
    }
    this.#executions.passDeadlines(now);
  }

  #hearWatcher(): void {
    const heard = readWatcher(this.#handover.watcherErrors);
    if (heard === undefined) return;
    if (heard !== '') this.#log('error', `watcher: ${heard}`);
    this.#retire(heard === '' ? 'its socket is gone' : 'its watcher failed');
  }

  /** Accepts no more calls, serves out those that were greeted, and goes. */
  #retire(why: string): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#log('info', `the server retires: ${why}`);
    this.#polled.forget(this.#handover.watcherErrors);
    this.#updateListening();
    native.close(this.#handover.listener);
  }

  #end(call: Call): void {
    call.state = 'over';
    this.#lastUse = performance.now();
    this.#calls.delete(call);
    if (call.connection >= 0) this.#polled.forget(call.connection);
    call.closeDescriptors();
    if (call.initial) this.#closeSetupErrors();
  }

  #closeSetupErrors(): void {
    if (this.#setupErrors >= 0) native.close(this.#setupErrors);
    this.#setupErrors = -1;
  }
}
