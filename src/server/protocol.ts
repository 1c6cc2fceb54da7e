import type { Call } from './call.js';

/**
 * What has come on a connection that was silent: a call, as a whole or as much of one as the server waits for; a part; or nothing that
 * an executor is needed for: an inquiry that was answered, after which the connection is to be closed or kept until the server ends.
 */
export type Heard = 'call' | 'part' | 'answered' | 'attending';

/** What the versions of the protocol do differently, as the server sees it. What a call says is the executor's to read. */
export interface Protocol {
  /**
   * Whether the server speaks first. Its greeting is a promise: so the connection is judged before it, and while the promise could not
   * be kept callers stay in the kernel's queue. Otherwise a call is judged when it is there, and waits its turn in the server.
   */
  readonly greets: boolean;

  /** Says what the server has to say to a new connection. False where the client has gone. */
  greet(call: Call): boolean;

  /** Something has come on a silent connection. Throws where it is nothing that this protocol knows. */
  hear(call: Call): Heard;

  /** The call runs: what of its client is to be waited for (events of poll(2)) besides its end. */
  readonly heardWhileRunning: number;

  /** Something has come from the client of a running call. False where nothing more will. Throws where it makes no sense. */
  relay(call: Call): boolean;

  /** Nobody runs the call, and nobody will: tells the client why, if there are words for it. */
  refuse(call: Call, reason: string): void;

  /** The executor may have stopped, or gone on. */
  look(call: Call): void;

  /** Whether the end of an executor is the end of its process group: the others get SIGINT. */
  readonly interruptsGroup: boolean;

  /** The executor has ended, and the client is to be told. `status`: as waitpid(2) gave it. */
  ended(call: Call, status: number): void;
}
