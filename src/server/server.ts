import type { Core } from '../core.js';
import * as native from '../native.js';
import type { Handover } from '../setup/handover.js';
import type { ServerOptions } from '../setup/options.js';
import { Acceptor } from './acceptor.js';
import { Beginnings } from './beginnings.js';
import { Call } from './call.js';
import { CallTable } from './call-table.js';
import { Executions } from './executions.js';
import { GROUP_LOOK_MS } from './limits.js';
import { lockFileOf, writeServer } from './lock-file.js';
import { POLLIN, PollSet } from './poll-set.js';
import type { Protocol } from './protocol.js';
import { ProtocolV1 } from './protocol-v1.js';
import { ProtocolV2 } from './protocol-v2.js';
import { Reception } from './reception.js';
import { rehearse } from './rehearsal.js';
import { Spares } from './spares.js';
import type { Staleness } from './staleness.js';
import type { Log } from './syslog.js';
import { readWatcher } from './watcher.js';

/** The longest that poll(2) can be told to wait. */
const MAX_POLL_MS = 0x7fffffff;
const NEVER = Number.POSITIVE_INFINITY;
const SIGCHLD = native.signalNumber('SIGCHLD');

export interface ServerParts {
  readonly core: Core;
  readonly log: Log;
  readonly staleness: Staleness;
  /** The script that this server is of. */
  readonly script: string;
  /** The standard error of setup, for trouble with the initial call; -1 where there is none for that. The server owns it. */
  readonly setupErrors: number;
}

/** What the server leaves to a process that is to become a call. */
export interface ForkedCall {
  /** Where the request is still to be read from: the connection to the client; or, in a spare, the channel on which that will come. */
  readonly from: { readonly connection: number } | { readonly channel: number };
  /** By which the server is to be told that the script begins (beginnings.ts). */
  readonly beginning: number;
  /** Where trouble is to be told besides the log; -1: nowhere. */
  readonly setupErrors: number;
}

/**
 * Accepts calls and judges whether they may be served; forks an executor for each; sees to the end of executor and
 * client. What a call sends never comes here: it is the executor that reads it.
 */
export class Server {
  readonly #core: Core;
  readonly #log: Log;
  readonly #script: string;
  readonly #protocol: Protocol;
  readonly #idleTimeoutMs: number;
  readonly #handover: Handover;
  readonly #polled = new PollSet();
  readonly #calls: CallTable;
  readonly #reception: Reception;
  readonly #executions: Executions;
  readonly #spares: Spares;
  readonly #beginnings = new Beginnings();
  readonly #staleness: Staleness;
  readonly #startedAt = performance.now();
  /** Readable when an executor has stopped or gone on, of which a pidfd says nothing. */
  readonly #childSignals: number;
  #setupErrors: number;
  #served = 0;
  #retired = false;
  #rehearsed = false;
  #lastUse = performance.now();

  constructor(parts: ServerParts, handover: Handover, options: ServerOptions) {
    const { core, log } = parts;
    this.#core = core;
    this.#log = log;
    this.#script = parts.script;
    this.#staleness = parts.staleness;
    this.#setupErrors = parts.setupErrors;
    this.#handover = handover;
    this.#protocol = handover.protocol === 1 ? new ProtocolV1(core) : new ProtocolV2(core, this.#controlled());
    this.#calls = new CallTable(options.maxServers);
    this.#spares = new Spares(this.#polled, log, options.maxServers);
    const shared = { protocol: this.#protocol, log, polled: this.#polled, calls: this.#calls };
    this.#executions = new Executions({ ...shared, spares: this.#spares, end: (call) => this.#end(call) });
    this.#reception = new Reception({
      ...shared,
      acceptor: new Acceptor(handover.listener, options.maxErrors, parts.staleness, log),
      listener: handover.listener,
      clientGone: (call) => this.#executions.clientGone(call),
      retire: (why) => this.#retire(why),
    });
    this.#idleTimeoutMs = options.idleTimeoutSeconds < 0 ? NEVER : options.idleTimeoutSeconds * 1000;
    // Before this process has any other thread: what one thread does not block, it would take, and drop.
    native.blockSignals([SIGCHLD]);
    this.#childSignals = native.openSignals([SIGCHLD]);
  }

  /** Serves until it is time to go, and then ends the process. Returns in each executor, and nowhere else. */
  serve(): ForkedCall {
    const lockFile = lockFileOf(native.boundPath(this.#handover.listener));
    if (lockFile !== undefined) writeServer(lockFile, native.processId());
    this.#polled.watch(this.#handover.watcherErrors, { events: POLLIN, ready: () => this.#hearWatcher() });
    this.#polled.watch(this.#beginnings.hear, { events: POLLIN, ready: () => this.#hearBeginnings() });
    this.#polled.watch(this.#childSignals, { events: POLLIN, ready: () => this.#hearChildren() });
    const { call } = this.#handover;
    this.#reception.receive(new Call(call, native.peerCredentials(call).pid, true, NEVER));
    for (;;) {
      const forked = this.#startWaitingCalls();
      if (forked) return forked;
      // Before it waits: judging the last of its calls may have been what made it retire.
      if (this.#retired && this.#calls.isEmpty) native.exitNow(0);
      this.#rehearseOnce();
      const channel = this.#rehearsed ? this.#spares.replenish() : undefined;
      if (channel !== undefined) return this.#inSpare(channel);
      // Behind all that a call waits for, and in small pieces.
      const busy = this.#staleness.watch();
      this.#reception.updateListening();
      this.#polled.wait(busy ? 0 : this.#untilDeadline());
      this.#passDeadlines();
    }
  }

  #startWaitingCalls(): ForkedCall | undefined {
    for (const call of this.#calls) {
      if (call.state !== 'waiting' || !this.#calls.mayStart) continue;
      if (!this.#reception.mayServe(call)) return undefined;
      this.#served += 1;
      if (this.#executions.start(call)) return this.#inExecutor(call);
      if (call.initial) this.#closeSetupErrors();
    }
    return undefined;
  }

  /** Once the first call is on its way: makes those that follow cheaper. */
  #rehearseOnce(): void {
    if (this.#rehearsed || this.#served === 0) return;
    this.#rehearsed = true;
    try {
      const { descriptors, context } = rehearse(this.#core, this.#handover.protocol);
      for (const descriptor of [...descriptors, context?.cwd ?? null])
        if (descriptor !== null) native.close(descriptor);
    } catch (error) {
      // Calls are served all the same, only slower.
      this.#log('warning', `a request could not be rehearsed: ${(error as Error).message}`);
    }
  }

  /** In the new process: lets go of everything that belongs to the server or to other calls. */
  #inExecutor(call: Call): ForkedCall {
    const { connection } = call;
    call.connection = -1;
    if (!call.initial) this.#closeSetupErrors();
    return { from: { connection }, beginning: this.#letGo(), setupErrors: this.#setupErrors };
  }

  #inSpare(channel: number): ForkedCall {
    this.#closeSetupErrors();
    return { from: { channel }, beginning: this.#letGo(), setupErrors: -1 };
  }

  /** Returns the one descriptor of the server's that an executor needs: to tell that it has begun. */
  #letGo(): number {
    for (const other of this.#calls) other.closeDescriptors();
    this.#spares.closeDescriptors();
    this.#staleness.closeDescriptors();
    native.close(this.#handover.watcherInput);
    native.close(this.#handover.watcherErrors);
    native.close(this.#childSignals);
    if (!this.#retired) native.close(this.#handover.listener);
    return this.#beginnings.takeTellingEnd();
  }

  #untilDeadline(): number {
    const now = performance.now();
    let deadline = Math.min(this.#calls.deadline, this.#reception.deadline(now), this.#spares.deadline);
    if (this.#calls.isEmpty) deadline = Math.min(deadline, this.#lastUse + this.#idleTimeoutMs);
    if (this.#calls.hasOrphans) deadline = Math.min(deadline, now + GROUP_LOOK_MS);
    if (deadline === NEVER) return -1;
    return Math.min(Math.max(0, Math.ceil(deadline - now)), MAX_POLL_MS);
  }

  #passDeadlines(): void {
    const now = performance.now();
    if (this.#calls.isEmpty && now >= this.#lastUse + this.#idleTimeoutMs) {
      this.#retire(`nothing was called for ${this.#idleTimeoutMs / 1000} seconds`);
    }
    this.#spares.rest(now);
    this.#reception.lookAgain(now);
    this.#executions.passDeadlines(now);
  }

  #hearBeginnings(): void {
    for (const pid of this.#beginnings.read()) this.#executions.begun(pid);
  }

  #hearChildren(): void {
    native.readSignals(this.#childSignals);
    this.#executions.look();
  }

  #hearWatcher(): void {
    const heard = readWatcher(this.#handover.watcherErrors);
    if (heard === undefined) return;
    if (heard !== '') this.#log('error', `watcher: ${heard}`);
    this.#retire(heard === '' ? 'its socket is gone' : 'its watcher failed');
  }

  /** Accepts no more calls, serves out those that it has promised to serve, and goes. */
  #retire(why: string): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#log('info', `the server retires: ${why}`);
    this.#polled.forget(this.#handover.watcherErrors);
    this.#spares.end();
    for (const call of this.#reception.close()) this.#end(call);
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

  #controlled() {
    return {
      state: () =>
        ({
          kind: 'reply',
          pid: native.processId(),
          running: this.#calls.count('running') + this.#calls.count('receiving'),
          waiting: this.#calls.count('waiting'),
          calls: BigInt(this.#served),
          uptimeMs: BigInt(Math.round(performance.now() - this.#startedAt)),
          script: Buffer.from(this.#script),
        }) as const,
      stop: () => this.#retire('it was told to'),
    };
  }
}
