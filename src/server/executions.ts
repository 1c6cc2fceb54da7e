import { MOMENT_SERVER_ENDED, MOMENT_SERVER_FORKED, MOMENT_SERVER_HANDED_OVER } from '../../assembly/constants.js';
import * as native from '../native.js';
import type { Call } from './call.js';
import type { CallTable } from './call-table.js';
import type { Ends } from './ends.js';
import { type Forked, forkExecutor } from './fork-executor.js';
import { EXECUTOR_GRACE_MS, MAX_SLOW_CALLS, RECEIVING_LIMIT_MS } from './limits.js';
import { PEER_GONE, POLLIN, POLLRDHUP, type PollSet } from './poll-set.js';
import type { Protocol } from './protocol.js';
import type { Spare, Spares } from './spares.js';
import type { Log } from './syslog.js';

const SIGINT = native.signalNumber('SIGINT');
const SIGKILL = native.signalNumber('SIGKILL');
const SIGCONT = native.signalNumber('SIGCONT');
const NEVER = Number.POSITIVE_INFINITY;

export interface ExecutionParts {
  readonly protocol: Protocol;
  readonly log: Log;
  readonly polled: PollSet;
  readonly calls: CallTable;
  readonly spares: Spares;
  readonly ends: Ends;
  /** Ends a call: takes it off the table and closes what it owns. */
  end(call: Call): void;
}

/** The running of calls: from the fork of an executor to the end of executor and client, whichever comes first. */
export class Executions {
  readonly #parts: ExecutionParts;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
  }

  /** Gives the call to a spare, or forks an executor. True in the new process, which then is that call's; where there can be none, the call is ended. */
  start(call: Call): boolean {
    const { spares, ends } = this.#parts;
    const spare = spares.handOver(call.connection, call.trace);
    if (spare) {
      call.trace?.note(MOMENT_SERVER_HANDED_OVER);
      this.#receives(call, spare);
      return false;
    }
    call.place = ends.take();
    if (call.trace) call.trace.executor = ends.momentsOf(call.place);
    let forked: Forked | undefined;
    try {
      forked = forkExecutor();
    } catch (error) {
      this.#notServed(call, error as Error);
      return false;
    }
    if (!forked) return true;
    call.trace?.note(MOMENT_SERVER_FORKED);
    this.#receives(call, { ...forked, place: call.place });
    makeGroup(forked.pid);
    return false;
  }

  #receives(call: Call, { pid, pidfd, place }: Omit<Spare, 'channel'>): void {
    call.pid = pid;
    call.pidfd = pidfd;
    call.place = place;
    call.state = 'receiving';
    call.deadline = performance.now() + RECEIVING_LIMIT_MS;
    this.#parts.polled.watch(pidfd, { events: POLLIN, ready: () => this.#ended(call) });
  }

  /** The executor has all that its client had to say, and begins the script. From now on the client speaks to the server. */
  begun(pid: number): void {
    const { calls, polled, protocol } = this.#parts;
    const call = calls.ofProcess(pid);
    if (call?.state !== 'receiving') return;
    call.state = 'running';
    call.deadline = NEVER;
    if (protocol.heardWhileRunning === 0) return;
    const ready = (revents: number) => this.#hearClient(call, revents);
    polled.watch(call.connection, { events: protocol.heardWhileRunning | POLLRDHUP, ready });
  }

  /** Some executor has stopped, gone on, told of its end, or ended: no signal says which. */
  look(): void {
    const { calls, ends, protocol } = this.#parts;
    for (const call of calls) {
      if (call.state !== 'running' || call.told) continue;
      const status = ends.statusOf(call.place);
      if (status === undefined) {
        protocol.look(call);
      } else {
        call.told = true;
        call.trace?.note(MOMENT_SERVER_ENDED);
        protocol.ended(call, status);
      }
    }
  }

  /** The client's end of the connection is closed: the call goes with it, politely first. */
  clientGone(call: Call): void {
    if (call.state !== 'running' && call.state !== 'receiving') {
      this.#parts.end(call);
      return;
    }
    this.#parts.polled.forget(call.connection);
    native.close(call.connection);
    call.connection = -1;
    // All that is missing is that the kernel takes down the executor's memory.
    if (call.told) return;
    call.state = 'deserted';
    call.deadline = performance.now() + EXECUTOR_GRACE_MS;
    call.signalGroup(SIGINT);
    // What is stopped takes no other signal.
    call.signalGroup(SIGCONT);
  }

  /** Ends what has had its time: a client that says nothing, a group that nobody waits for any more. */
  passDeadlines(now: number): void {
    for (const call of this.#parts.calls) {
      const late = now >= call.deadline;
      if (late) call.deadline = NEVER;
      if (late && call.state === 'deserted') call.signalGroup(SIGKILL);
      if (late && call.state === 'receiving') this.#setAside(call);
      else if (late && !call.executing) this.#parts.end(call);
      else if (call.orphaned && !call.signalGroup(0)) this.#parts.end(call);
    }
  }

  /** Its client takes its time. It may, as long as there are not too many of them; others need not wait for it. */
  #setAside(call: Call): void {
    call.slow = true;
    const [oldest, ...others] = this.#parts.calls.slow;
    if (oldest && others.length >= MAX_SLOW_CALLS) native.sendSignal(oldest.pid, SIGKILL);
  }

  #hearClient(call: Call, revents: number): void {
    try {
      // First what was said, then that nothing more will be.
      if (revents & POLLIN && this.#parts.protocol.relay(call)) return;
      if (revents & (POLLIN | PEER_GONE)) this.clientGone(call);
    } catch (error) {
      this.#parts.log(
        'warning',
        `the client of process ${call.pid} says what makes no sense: ${(error as Error).message}`,
      );
      this.clientGone(call);
    }
  }

  #ended(call: Call): void {
    const { end, ends, polled, protocol } = this.#parts;
    const { pidfd } = call;
    // Before it is reaped, while the number of the group cannot be another's.
    if (protocol.interruptsGroup || call.state === 'deserted') call.signalGroup(SIGINT);
    const status = call.reap();
    if (status === undefined) return;
    polled.forget(pidfd);
    if (call.state !== 'deserted') {
      if (!call.told) {
        call.trace?.note(MOMENT_SERVER_ENDED);
        // What it has told is how its script ended, whatever came after that.
        protocol.ended(call, ends.statusOf(call.place) ?? status);
      }
      end(call);
    } else if (call.deadline === NEVER || !call.signalGroup(0)) {
      end(call);
    }
    // Else somebody of a deserted group still takes the interrupt in his own time: until the deadline.
  }

  #notServed(call: Call, error: Error): void {
    this.#parts.log('error', `a call was not served: ${error.message}`);
    this.#parts.protocol.refuse(call, error.message);
    this.#parts.end(call);
  }
}

function makeGroup(pid: number): void {
  try {
    // The executor does it too: whoever comes second finds the group made, and neither has to wait for the other.
    native.setProcessGroup(pid, pid);
  } catch {
    // It has ended, or executes another program by now (EACCES of setpgid(2)): then it has made its group itself.
  }
}
