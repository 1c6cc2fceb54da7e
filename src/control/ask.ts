import { connect, type Socket } from 'node:net';
import type { Message } from '../core.js';
import { loadCore } from '../core-bytes.js';

export type Reply = Message & { readonly kind: 'reply' };

/**
 * What is at the other end of a rendezvous' socket: nobody; a server of version 2, with its reply; or somebody who listens, and did not say anything of that
 * kind within the limit: a server of version 1, or one that is stopped, or just being started.
 */
export type Answer =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'silent'; readonly why: string };

/** A server that was asked to stop, or to say how it is. The connection ends when the server does; whoever asked closes it. */
export interface Asked {
  readonly answer: Answer;
  /** Settled when the other end is closed. */
  readonly over: Promise<void>;
  close(): void;
}

/** Asks whoever listens on `socketPath`; `limitMs` for connection and reply together. Never starts anything. */
export function ask(socketPath: string, operation: 'status' | 'stop', limitMs: number): Promise<Asked> {
  const core = loadCore();
  const decoder = core.messageDecoder();
  const socket = connect(socketPath);
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return new Promise((resolve) => {
    const timer = setTimeout(() => done({ kind: 'silent', why: `no answer within ${limitMs} ms` }), limitMs);
    const done = (answer: Answer) => {
      clearTimeout(timer);
      resolve({ answer, over, close: () => socket.destroy() });
    };
    socket.once('connect', () => socket.write(core.encodeMessage({ kind: 'control', operation })));
    socket.on('data', (chunk) => {
      try {
        const reply = decoder.push(chunk).find((message): message is Reply => message.kind === 'reply');
        if (reply) done({ kind: 'reply', reply });
      } catch (error) {
        done({ kind: 'silent', why: (error as Error).message });
        socket.destroy();
      }
    });
    socket.once('error', (error: NodeJS.ErrnoException) => done(failed(error)));
    socket.once('close', () => done({ kind: 'silent', why: 'it closed the connection' }));
  });
}

/** Whether anybody listens. A server of version 1 is not told more than that, and tells nothing. */
export function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(failed(error).kind !== 'nobody'));
  });
}

/** As the client takes it: ECONNREFUSED and ENOENT mean that there is no server. */
function failed({ code, message }: NodeJS.ErrnoException): Answer {
  return code === 'ECONNREFUSED' || code === 'ENOENT' ? { kind: 'nobody' } : { kind: 'silent', why: message };
}
