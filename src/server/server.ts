import { MOMENT_SERVER_JUDGED } from '../../assembly/constants.js';
import type { Core, Message } from '../core.js';
import * as native from '../native.js';
import type { Handover } from '../setup/handover.js';
import type { ServerOptions } from '../setup/options.js';
import { Acceptor } from './acceptor.js';
import { Beginnings } from './beginnings.js';
import { Call } from './call.js';
import { CallTable } from './call-table.js';
import type { ExecutorMoments } from './call-trace.js';
import { Ends, NO_PLACE } from './ends.js';
import { RETIRES } from './event-log.js';
import { Executions } from './executions.js';
import { GROUP_LOOK_MS, SHORT_CALL_MS } from './limits.js';
import { lockFileOf, writeServer } from './lock-file.js';
import { Memory } from './memory.js';
import { POLLIN, PollSet } from './poll-set.js';
import type { Protocol } from './protocol.js';
import { ProtocolV1 } from './protocol-v1.js';
import { ProtocolV2 } from './protocol-v2.js';
import { Reception } from './reception.js';
import { type SpareStart, Spares } from './spares.js';
import type { Staleness } from './staleness.js';
import type { Log } from './syslog.js';
import type { WarmUp } from './warm-up.js';
import { readWatcher } from './watcher.js';

/** The longest that poll(2) can be told to wait. */
const MAX_POLL_MS = 0x7fffffff;
const NEVER = Number.POSITIVE_INFINITY;
const SIGCHLD = native.signalNumber('SIGCHLD');
const milliseconds = (time: number) => BigInt(Math.max(0, Math.round(time)));

export interface ServerParts {
  readonly core: Core;
  readonly log: Log;
  readonly staleness: Staleness;
  /** The script that this server is of. */
  readonly script: string;
  /** The standard error of setup, for trouble with the initial call; -1 where there is none for that. The server owns it. */
  readonly setupErrors: number;
  readonly warmUp: WarmUp;
}

/** What the server leaves to a process that is to become a call. */
export interface ForkedCall {
  /** Where the request is still to be read from: the connection to the client; or, in a spare, the channel on which that will come. */
  readonly from: { readonly connection: number; readonly traced: boolean } | { readonly channel: number };
  /** By which the server is to be told that the script begins (beginnings.ts). */
  readonly beginning: number;
  /** Where trouble is to be told besides the log; -1: nowhere. */
  readonly setupErrors: number;
  /** By which the server is told of the end, ahead of it (ends.ts); null: not at all. */
  readonly note: Int32Array | null;
  /** Where it notes the moments of a traced call; null: nowhere. */
  readonly moments: ExecutorMoments | null;
}

/**
 * Accepts calls and judges whether they may be served; forks an executor for each; sees to the end of executor and
 * client. What a call sends never comes here: it is the executor that reads it.
 */
export class Server {
  readonly #log: Log;
  readonly #script: string;
  readonly #protocol: Protocol;
  readonly #idleTimeoutMs: number;
  readonly #handover: Handover;
  readonly #polled = new PollSet();
  readonly #calls: CallTable;
  readonly #reception: Reception;
  readonly #executions: Executions;
  readonly #ends = new Ends();
  readonly #spares: Spares;
  readonly #warmUp: WarmUp;
  readonly #memory: Memory;
  readonly #beginnings = new Beginnings();
  readonly #staleness: Staleness;
  readonly #startedAt = performance.now();
  /** Readable when an executor has stopped or gone on, of which a pidfd says nothing. */
  readonly #childSignals: number;
  #setupErrors: number;
  #served = 0;
  /** When the last call was handed over. */
  #startedCallAt = Number.NEGATIVE_INFINITY;
  #retired = false;
  #lastUse = performance.now();

  constructor(parts: ServerParts, handover: Handover, options: ServerOptions) {
    const { core, log } = parts;
    this.#log = log;
    this.#script = parts.script;
    this.#staleness = parts.staleness;
    this.#setupErrors = parts.setupErrors;
    this.#handover = handover;
    this.#protocol = handover.protocol === 1 ? new ProtocolV1(core) : new ProtocolV2(core, this.#controlled());
    this.#calls = new CallTable(options.maxServers);
    this.#spares = new Spares(this.#polled, this.#ends, log, options.maxServers);
    this.#warmUp = parts.warmUp;
    this.#memory = new Memory(options);
    const shared = { protocol: this.#protocol, log, polled: this.#polled, calls: this.#calls };
    const own = { spares: this.#spares, ends: this.#ends };
    this.#executions = new Executions({ ...shared, ...own, end: (call) => this.#end(call) });
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

  /** Whether a call has been given to a process of its own. */
  get hasServed(): boolean {
    return this.#served > 0;
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
      // Nobody waits for what makes the calls that follow cheaper: a piece at a time, whenever there is nothing else to do.
      const warming = this.#warmUp.pending && this.#served > 0;
      const spare = warming || performance.now() < this.#replenishAt() ? undefined : this.#replenish();
      if (spare) return this.#inSpare(spare);
      const watching = this.#staleness.watch();
      this.#reception.updateListening();
      const idle = !this.#polled.wait(warming || watching ? 0 : this.#untilDeadline());
      if (warming && idle) this.#warmUp.step();
      this.#passDeadlines();
    }
  }

  /**
   * When the next spare is to be forked, which holds up whatever else is to be done: not while a call is under way that may be over in a moment. Infinity
   * where none is wanted.
   */
  #replenishAt(): number {
    if (!this.#spares.wantsMore) return NEVER;
    return this.#calls.hasShort ? this.#startedCallAt + SHORT_CALL_MS : Number.NEGATIVE_INFINITY;
  }

  #replenish(): SpareStart | undefined {
    this.#warmUp.tidy();
    return this.#spares.replenish();
  }

  #startWaitingCalls(): ForkedCall | undefined {
    for (const call of this.#calls) {
      if (call.state !== 'waiting' || !this.#calls.mayStart) continue;
      if (!this.#reception.mayServe(call)) return undefined;
      call.trace?.note(MOMENT_SERVER_JUDGED);
      this.#served += 1;
      this.#startedCallAt = performance.now();
      if (this.#executions.start(call)) return this.#inExecutor(call);
      if (call.initial) this.#closeSetupErrors();
      this.#mindMemory();
    }
    return undefined;
  }

  /** Once a call is on its way: who is asked less often than that takes no more memory meanwhile. */
  #mindMemory(): void {
    const state = this.#memory.state(performance.now());
    this.#spares.allow(state === 'enough');
    if (typeof state === 'object') this.#retire(state.retire);
  }

  /** In the new process: lets go of everything that belongs to the server or to other calls. */
  #inExecutor(call: Call): ForkedCall {
    const { connection, place, trace } = call;
    call.connection = -1;
    return this.#forked({ connection, traced: trace !== undefined }, call.initial ? this.#setupErrors : -1, place);
  }

  #inSpare({ channel, place }: SpareStart): ForkedCall {
    return this.#forked({ channel }, -1, place);
  }

  #forked(from: ForkedCall['from'], setupErrors: number, place: number): ForkedCall {
    native.closeAll(this.#descriptors().filter((descriptor) => descriptor !== setupErrors));
    const beginning = this.#beginnings.tell;
    return { from, beginning, setupErrors, note: this.#ends.noteOf(place), moments: this.#ends.momentsOf(place) };
  }

  /** All that no executor is to have. */
  #descriptors(): number[] {
    const { watcherInput, watcherErrors, listener } = this.#handover;
    const own = [watcherInput, watcherErrors, this.#beginnings.hear, this.#childSignals, this.#setupErrors];
    const ofCalls = [...this.#calls].flatMap(({ descriptors }) => descriptors);
    const ofParts = [...this.#spares.descriptors, ...this.#staleness.descriptors];
    return [...own, this.#retired ? -1 : listener, ...ofCalls, ...ofParts];
  }

  #untilDeadline(): number {
    const now = performance.now();
    let deadline = Math.min(this.#calls.deadline, this.#reception.deadline(now), this.#spares.deadline);
    deadline = Math.min(deadline, this.#replenishAt());
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
    this.#log('info', `${RETIRES}${why}`);
    this.#polled.forget(this.#handover.watcherErrors);
    this.#spares.end();
    this.#staleness.close();
    for (const call of this.#reception.close()) this.#end(call);
  }

  #end(call: Call): void {
    call.state = 'over';
    // What never had an executor, such as somebody who only asked, was no use of the server.
    if (call.pid !== 0) this.#lastUse = performance.now();
    this.#calls.delete(call);
    if (call.connection >= 0) this.#polled.forget(call.connection);
    call.closeDescriptors();
    this.#ends.release(call.place);
    call.place = NO_PLACE;
    if (call.initial) this.#closeSetupErrors();
  }

  #closeSetupErrors(): void {
    if (this.#setupErrors >= 0) native.close(this.#setupErrors);
    this.#setupErrors = -1;
  }

  #controlled() {
    return { state: () => this.#state(), stop: () => this.#retire('it was told to') };
  }

  #state(): Message & { kind: 'reply' } {
    const now = performance.now();
    const running = this.#calls.count('running') + this.#calls.count('receiving');
    const waiting = this.#calls.count('waiting');
    return {
      kind: 'reply',
      pid: native.processId(),
      running,
      waiting,
      spares: this.#spares.count,
      calls: BigInt(this.#served),
      uptimeMs: milliseconds(now - this.#startedAt),
      idleMs: milliseconds(running + waiting > 0 ? 0 : now - this.#lastUse),
      script: Buffer.from(this.#script),
      stale: this.#staleness.look() ?? null,
    };
  }
}
