import type { Core } from '../core.js';
import type { Call } from './call.js';
import type { Heard, Protocol } from './protocol.js';

/** Version 1: greeting, request, and in the end four bytes of status. A request has one form only, so its first byte tells nothing. */
export class ProtocolV1 implements Protocol {
  readonly greets = true;
  readonly heardWhileRunning = 0;
  /** As the released monitor does; but here it cannot hit the executor any more, which has ended. */
  readonly interruptsGroup = true;
  readonly #core: Core;
  readonly #greeting: Uint8Array;

  constructor(core: Core) {
    this.#core = core;
    this.#greeting = core.encodeGreeting();
  }

  greet(call: Call): boolean {
    return call.send(this.#greeting);
  }

  hear(): Heard {
    return 'call';
  }

  relay(): boolean {
    return false;
  }

  /** The connection ends without a status. */
  refuse(): void {}

  look(): void {}

  ended(call: Call, status: number): void {
    // Where this fails the client has gone in this very moment, and there is nobody left to tell.
    call.send(this.#core.encodeStatus(status));
  }
}
