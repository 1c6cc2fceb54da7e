import type { Core } from '../core.js';
import * as native from '../native.js';
import type { Call } from './call.js';
import type { CallTable } from './call-table.js';
import { EXECUTOR_GRACE_MS } from './limits.js';
import { POLLIN, type PollSet } from './poll-set.js';
import type { Log } from './syslog.js';

const SIGINT = native.signalNumber('SIGINT');
const SIGKILL = native.signalNumber('SIGKILL');
const NEVER = Number.POSITIVE_INFINITY;

export interface ExecutionParts {
  readonly core: Core;
  readonly log: Log;
  readonly polled: PollSet;
  readonly calls: CallTable;
  /** Ends a call: takes it off the table and closes what it owns. */
  end(call: Call): void;
}

/** The running of calls: from the fork of an executor to the end of executor and client, whichever comes first. */
export class Executions {
  readonly #parts: ExecutionParts;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
  }

  /** Forks an executor. True in the new process, which then is that call's; where there can be none, the call is ended. */
  start(call: Call): boolean {
    let pid: number;
    try {
      pid = native.fork();
    } catch (error) {
      this.#notServed(call, error as Error);
      return false;
    }
    if (pid === 0) return true;
    call.pid = pid;
    try {
      call.pidfd = native.openProcess(pid);
    } catch (error) {
      // Nobody would see its end.
      native.sendSignal(pid, SIGKILL);
      native.wait(pid, false);
      this.#notServed(call, error as Error);
      return false;
    }
    call.state = 'running';
    this.#parts.polled.watch(call.pidfd, { events: POLLIN, ready: () => this.#ended(call) });
    makeGroup(pid);
    return false;
  }

  /** The client's end of the connection is closed: the call goes with it, politely first. */
  clientGone(call: Call): void {
    if (call.state !== 'running') {
      this.#parts.end(call);
      return;
    }
    call.state = 'deserted';
    call.deadline = performance.now() + EXECUTOR_GRACE_MS;
    call.signalGroup(SIGINT);
    this.#parts.polled.forget(call.connection);
    native.close(call.connection);
    call.connection = -1;
  }

  /** Ends what has had its time: a client that says nothing, a group that nobody waits for any more. */
  passDeadlines(now: number): void {
    for (const call of this.#parts.calls) {
      const late = now >= call.deadline;
      if (late) call.deadline = NEVER;
      if (late && call.state === 'deserted') call.signalGroup(SIGKILL);
      if (late && !call.executing) this.#parts.end(call);
      else if (call.orphaned && !call.signalGroup(0)) this.#parts.end(call);
    }
  }

  /** Version 1: what is left of the process group gets SIGINT, then the executor is reaped and its status sent. */
  #ended(call: Call): void {
    call.signalGroup(SIGINT);
    const { pidfd } = call;
    const status = call.reap();
    if (status === undefined) return;
    this.#parts.polled.forget(pidfd);
    if (call.state === 'running') {
      // Where this fails the client has gone in this very moment, and there is nobody left to tell.
      call.send(this.#parts.core.encodeStatus(status));
      this.#parts.end(call);
    } else if (call.deadline === NEVER || !call.signalGroup(0)) {
      this.#parts.end(call);
    }
    // Else somebody of a deserted group still takes the interrupt in his own time: until the deadline.
  }

  #notServed(call: Call, error: Error): void {
    this.#parts.log('error', `a call was not served: ${error.message}`);
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
