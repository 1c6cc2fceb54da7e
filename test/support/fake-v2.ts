/** A server of a test's own that speaks version 2, byte for byte as the test wants: nothing here is the core's, so that both are not wrong alike. */

import { once } from 'node:events';
import { copyFileSync, mkdirSync, realpathSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { CLIENT } from './paths.js';
import type { Outcome, Running, StartOptions } from './running.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';

const HEADER = 8;
export const TAG = {
  stdio: 1,
  cwd: 2,
  umask: 3,
  limits: 4,
  nice: 5,
  affinity: 6,
  arguments: 7,
  environment: 8,
  signal: 10,
  pid: 11,
  status: 12,
  reason: 13,
  script: 14,
};

function header(first: number, second: number, length: number): Buffer {
  const bytes = Buffer.from([first, second, 0, 0, 0, 0, 0, 0]);
  bytes.writeUInt32BE(length, 4);
  return bytes;
}

export function field(tag: number, value: Buffer | number): Buffer {
  const bytes = typeof value === 'number' ? Buffer.alloc(4) : value;
  if (typeof value === 'number') bytes.writeUInt32BE(value >>> 0);
  return Buffer.concat([header(0, tag, bytes.length), bytes]);
}

export function raw(kind: string, ...fields: Buffer[]): Buffer {
  const body = Buffer.concat(fields);
  return Buffer.concat([header(kind.charCodeAt(0), 2, body.length), body]);
}

export const PID = 4242;
export const started = () => raw('S', field(TAG.pid, PID));
export const stopped = (signal: number) => raw('T', field(TAG.signal, signal));
export const continued = () => raw('K');
export const ended = (status: number) => raw('E', field(TAG.status, status));
export const refused = (reason: string) => raw('N', field(TAG.reason, Buffer.from(reason)));

export interface RawMessage {
  readonly kind: string;
  readonly fields: Map<number, Buffer>;
}

/** Takes the complete messages off the front of `bytes`, and gives how many bytes those were. */
export function parse(bytes: Buffer): { messages: RawMessage[]; length: number } {
  const messages: RawMessage[] = [];
  let at = 0;
  while (bytes.length >= at + HEADER && bytes.length >= at + HEADER + bytes.readUInt32BE(at + 4)) {
    const end = at + HEADER + bytes.readUInt32BE(at + 4);
    if (bytes[at + 1] !== 2) throw new Error(`version ${bytes[at + 1]}`);
    const message = { kind: String.fromCharCode(bytes[at] as number), fields: new Map<number, Buffer>() };
    at += HEADER;
    while (at < end) {
      const length = bytes.readUInt32BE(at + 4);
      message.fields.set(bytes.readUInt16BE(at), bytes.subarray(at + HEADER, at + HEADER + length));
      at += HEADER + length;
    }
    messages.push(message);
  }
  return { messages, length: at };
}

/** One connection of a client's. What it says is looked at message by message, in order. */
export class Conversation {
  readonly #messages: RawMessage[] = [];
  #rest = Buffer.alloc(0);
  /** How many bytes have come. */
  received = 0;
  /** The client will send no more. */
  ended = false;

  constructor(readonly socket: Socket) {
    socket.on('error', () => {});
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.ended = true;
    });
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      const bytes = Buffer.concat([this.#rest, chunk]);
      const { messages, length } = parse(bytes);
      this.#messages.push(...messages);
      this.#rest = Buffer.from(bytes.subarray(length));
    });
  }

  /** The next message. */
  next(): Promise<RawMessage> {
    return until('the client says something', () => {
      const message = this.#messages.shift();
      if (message === undefined && this.ended) throw new Error('the client has ended the connection');
      return message;
    });
  }

  async call(): Promise<RawMessage> {
    const message = await this.next();
    if (message.kind !== 'C') throw new Error(`a message ${message.kind}, and not a call`);
    return message;
  }

  /** The number of the signal that the client relays next. */
  async signal(): Promise<number> {
    const message = await this.next();
    const value = message.fields.get(TAG.signal);
    if (message.kind !== 'G' || value === undefined) throw new Error(`a message ${message.kind}, and not a signal`);
    return value.readUInt32BE();
  }

  /** Signals that have come and were not looked at. */
  get unread(): number[] {
    return this.#messages.map(({ fields }) => fields.get(TAG.signal)?.readUInt32BE() ?? -1);
  }

  say(...messages: Buffer[]): Promise<void> {
    return new Promise((sent) => this.socket.write(Buffer.concat(messages), () => sent()));
  }

  /** Takes the call, starts it, and waits until the client relays: it has let go of its standard output. */
  async begin(): Promise<RawMessage> {
    const call = await this.call();
    await this.say(started());
    return call;
  }
}

/** The file descriptor of a connection, for system calls past Node. */
export function handleOf({ socket }: Conversation): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd;
}

export interface FakeOptions {
  readonly ident?: string;
  /** Nothing is read until the test says so. */
  readonly paused?: boolean;
}

export class FakeV2 {
  readonly #server: Server;
  readonly calls: Conversation[] = [];
  readonly script: string;

  private constructor(
    readonly workspace: Workspace,
    readonly ident: string,
    paused: boolean,
    serve: (conversation: Conversation) => unknown,
  ) {
    // An interpreter that is a node by its name, so that it is served by version 2, and a shell by what it does: running directly shows.
    mkdirSync(workspace.path('bin'), { recursive: true });
    copyFileSync(realpathSync('/bin/sh'), workspace.path('bin/node'));
    workspace.env['PATH'] = `${workspace.path('bin')}:${workspace.env['PATH']}`;
    this.script = workspace.write('script', 'echo "direct $*"; exit 3\n');
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: paused }, (socket) => {
      const conversation = new Conversation(socket);
      this.calls.push(conversation);
      void (async () => serve(conversation))().catch((error: Error) => socket.destroy(error));
    });
  }

  static async start(
    workspace: Workspace,
    serve: (conversation: Conversation) => unknown = () => {},
    { ident = 'fake', paused = false }: FakeOptions = {},
  ): Promise<FakeV2> {
    const fake = new FakeV2(workspace, ident, paused, serve);
    fake.#server.listen(join(workspace.runDirectory, `s2.${ident}`));
    await once(fake.#server, 'listening');
    onTestFinished(() => fake.close());
    return fake;
  }

  /** Accepts no more, and ends the conversations: their clients lose their server. */
  close(): void {
    this.#server.close();
    for (const { socket } of this.calls) socket.destroy();
  }

  /** Words of a command line that calls the script. */
  command(...args: string[]): string[] {
    return [CLIENT, '-U', '-g', this.ident, 'node', this.script, ...args];
  }

  start(args: string[] = [], options?: StartOptions): Running {
    const [program, ...words] = this.command(...args);
    return this.workspace.start(program as string, words, options);
  }

  run(args: string[] = [], options?: StartOptions): Promise<Outcome> {
    return this.start(args, options).outcome;
  }

  /** The conversation that is the `number`th, from 0. */
  conversation(number = 0): Promise<Conversation> {
    return until(`connection ${number} is made`, () => this.calls[number]);
  }
}

/** Run directly, as the script says it. */
export const DIRECT = { status: 3, signal: null, stdout: 'direct \n', stderr: '' };

/** The signals that a client relays. */
export const RELAYED = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGWINCH',
  'SIGPIPE',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
] as const satisfies NodeJS.Signals[];

export function signalNumber(name: NodeJS.Signals): number {
  return constants.signals[name];
}
