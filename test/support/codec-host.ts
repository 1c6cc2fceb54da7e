/**
 * Runs a case of test/vectors through the codec, as wasm-host.ts does through the core below it. Nothing here is Node's, so that the
 * same code runs the same cases in a browser, in bun and in deno.
 */
import {
  type CallToSend,
  ClientConnection,
  type ClientSends,
  CodecError,
  checkIdent,
  type Descriptor,
  type FromClient,
  type FromServer,
  identDigits,
  identity,
  type Piece,
  parseOptions,
  preclean,
  ServerConnection,
  type ServerMessage,
  type ServerSends,
  type Version,
  type WaitTable,
  waitStatus,
} from 'prefork-interp/codec';
import { fromWord, identityInput, meaningLine, optionLines, precleanInput, toWord } from './vector-words.js';

export { fromWord, toWord };

/** The operations of test/vectors that the codec has no function for: they are of the core alone. */
export const NOT_OF_THE_CODEC = ['sha256', 'header'];

const toText = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

export function runInCodec(line: string): string[] {
  const [operation, ...words] = line.split(' ');
  const run = OPERATIONS[operation as string];
  if (!run) throw new Error(`no operation ${operation}`);
  try {
    return run(words);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return [`error ${error.code}${error.subject.length === 0 ? '' : ` ${toWord(error.subject)}`}`];
  }
}

type Operation = (words: string[]) => string[];

const OPERATIONS: Record<string, Operation> = {
  options: (words) => {
    const argv = words.map(fromWord);
    return optionLines(parseOptions(argv), argv);
  },
  identity: (words) => [`ident ${identity(identityInput(words))}`],
  digits: ([length]) => [`digits ${identDigits(Number(length))}`],
  ident: ([ident = '', length]) => {
    checkIdent(fromWord(ident), Number(length));
    return ['good'];
  },
  preclean: ([inUse = '', ...words]) => {
    const { entries, kept } = precleanInput(words);
    return preclean(entries, fromWord(inUse), kept).map((ident) => `remove ${toWord(ident)}`);
  },
  wait: ([table, status]) => [meaningLine(waitStatus(Number(status), table as WaitTable))],

  greeting: (words) => {
    const [event] = firstEvent(new ClientConnection(1), words);
    return event?.kind === 'greeting'
      ? [`taken ${8 + event.extension.length}`, `extension ${event.extension.length}`]
      : ['need'];
  },
  status: (words) => {
    const [event] = firstEvent(inState('client', 1, 'running'), words);
    return event?.kind === 'status' ? ['taken 4', `status ${event.status}`] : ['need'];
  },
  decode: (words) => eventLines(inState('server', 1, 'request'), words) ?? ['need'],
  call: (words) => eventLines(new ServerConnection(2), words) ?? ['need'],
  messages: (words) => {
    const bytes = words.map(fromWord);
    return messageLines(bytes);
  },
  encode: ([framing, ...words]) => {
    const strings = (kind: string) =>
      words.flatMap((word, at) => (at % 2 && words[at - 1] === kind ? [fromWord(word)] : []));
    const pieces = inState('client', 1, 'request').send({
      kind: 'request',
      framing: framing === 'released' ? 'released' : 'first-design',
      environment: strings('e'),
      arguments: strings('a'),
    });
    const marker = pieces.length === 5 ? join(pieces.slice(0, 1)) : new Uint8Array();
    return [
      `marker ${toWord(marker)}`,
      `carriers ${toWord(join(pieces.slice(-4, -1)))}`,
      `rest ${toWord(join(pieces.slice(-1)))}`,
    ];
  },
  'encode-call': (words) => [`message ${toWord(join(new ClientConnection(2).send(callToSend(words))))}`],
  'encode-message': (words) => [`message ${toWord(join(sendAnywhere(messageToSend(words))))}`],
};

export function join(pieces: readonly Piece[]): Uint8Array {
  return concatenate(pieces.map(({ bytes }) => bytes));
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

/** Connections that have come as far as this. */
export function inState(role: 'client', version: Version, state: string): ClientConnection;
export function inState(role: 'server', version: Version, state: string): ServerConnection;
export function inState(
  role: 'client' | 'server',
  version: Version,
  state: string,
): ClientConnection | ServerConnection {
  const client = new ClientConnection(version);
  const server = new ServerConnection(version);
  const toServer = (message: ClientSends) => deliver(client.send(message), server);
  const toClient = (message: ServerSends) => deliver(server.send(message), client);
  const wanted = () => client.state === state && server.state === state;
  if (!wanted() && version === 1) toClient({ kind: 'greeting' });
  if (!wanted()) {
    if (version === 1) toServer({ kind: 'request', environment: [], arguments: [] });
    else if (state === 'asked') toServer({ kind: 'control', operation: 'stop' });
    else toServer({ kind: 'call', descriptors: [], environment: [], arguments: [] });
  }
  if (!wanted() && version === 2) toClient({ kind: 'started', pid: 1 });
  if (!wanted()) toClient(version === 1 ? { kind: 'status', status: 0 } : { kind: 'ended', status: 0 });
  if (!wanted()) throw new Error(`version ${version} has no state ${state}`);
  return role === 'client' ? client : server;
}

export function deliver(
  pieces: readonly Piece[],
  to: ClientConnection | ServerConnection,
): (FromClient | FromServer)[] {
  return pieces.flatMap(({ bytes, descriptors }) => [...to.receive(bytes, descriptors.length)]);
}

function firstEvent(connection: ClientConnection, words: string[]): FromServer[] {
  for (const word of words) {
    for (const event of connection.receive(fromWord(word))) return [event];
  }
  return [];
}

/** Words are reads, BYTES:DESCRIPTORS. */
function eventLines(connection: ServerConnection, words: string[]): string[] | undefined {
  const events = words.flatMap((word) => {
    const colon = word.lastIndexOf(':');
    return [...connection.receive(fromWord(word.slice(0, colon)), Number(word.slice(colon + 1)))];
  });
  return events.length === 0 ? undefined : events.flatMap(lines);
}

function lines(event: FromClient): string[] {
  if (event.kind === 'request') {
    return [
      `framing ${event.framing}`,
      ...event.environment.map((entry) => `environment ${toWord(entry)}`),
      ...event.arguments.map((argument) => `argument ${toWord(argument)}`),
    ];
  }
  if (event.kind !== 'call') return [event.kind];
  const has = (name: Descriptor) => event.descriptors.includes(name);
  const stdio = (has('stdin') ? 1 : 0) + (has('stdout') ? 2 : 0) + (has('stderr') ? 4 : 0);
  return [
    `stdio ${stdio}`,
    ...(has('cwd') ? ['cwd'] : []),
    ...(event.umask === null ? [] : [`umask ${event.umask.toString(8)}`]),
    ...(event.nice === null ? [] : [`nice ${event.nice}`]),
    ...event.limits.map(({ resource, soft }) => `limit ${resource} ${soft ?? 'none'}`),
    ...(event.affinity ? [`affinity ${toWord(event.affinity)}`] : []),
    ...(event.script ? [`script ${toWord(event.script)}`] : []),
    ...event.arguments.map((argument) => `argument ${toWord(argument)}`),
    ...event.environment.map((entry) => `environment ${toWord(entry)}`),
  ];
}

/**
 * Messages in any order, as vectors have them. A connection knows which may come: each is taken by one that is in a state for it, and
 * which that is their kinds say; the bytes are looked at for nothing else.
 */
function messageLines(pieces: Uint8Array[]): string[] {
  const whole = concatenate(pieces);
  const view = new DataView(whole.buffer);
  const result: string[] = [];
  for (let at = 0, piece = 0, before = 0; at < whole.length; ) {
    const kind = String.fromCharCode(whole[at] as number);
    const connection = STATES[kind]?.() ?? inState('client', 2, 'running');
    const length = whole.length - at < 8 ? whole.length - at : 8 + view.getUint32(at + 4);
    const end = Math.min(at + length, whole.length);
    // In the pieces in which they were given.
    while (at < end) {
      while (before + (pieces[piece] as Uint8Array).length <= at) before += (pieces[piece++] as Uint8Array).length;
      const until = Math.min(end, before + (pieces[piece] as Uint8Array).length);
      for (const event of connection.receive(whole.subarray(at, until))) result.push(messageLine(event));
      at = until;
    }
  }
  return result.length > 0 ? result : ['nothing'];
}

const STATES: Record<string, () => ClientConnection | ServerConnection> = {
  Q: () => new ServerConnection(2),
  G: () => inState('server', 2, 'running'),
  C: () => inState('server', 2, 'running'),
  S: () => inState('client', 2, 'offered'),
  R: () => inState('client', 2, 'asked'),
  N: () => inState('client', 2, 'offered'),
};

function messageLine(event: FromClient | FromServer): string {
  switch (event.kind) {
    case 'signal':
    case 'stopped':
      return `${event.kind} ${event.signal}`;
    case 'control':
      return `control ${event.operation}`;
    case 'started':
      return `started ${event.pid}`;
    case 'ended':
      return `ended ${event.status}`;
    case 'refused':
      return `refused ${toWord(new TextEncoder().encode(event.reason))}`;
    case 'moments':
      return ['moments', ...event.moments.map(({ moment, at }) => `${moment}:${at}`)].join(' ');
    case 'reply': {
      const { pid, running, waiting, spares, calls, uptimeMs, idleMs, script, stale } = event;
      const numbers = [pid, running, waiting, spares, calls, uptimeMs, idleMs];
      const path = script ? [toWord(script)] : stale === null ? [] : ['none'];
      const reason = stale === null ? [] : [toWord(new TextEncoder().encode(stale))];
      return ['reply', ...numbers, ...path, ...reason].join(' ');
    }
    default:
      return event.kind;
  }
}

function sendAnywhere(message: ServerMessage | ClientSends): Piece[] {
  if (message.kind === 'control' || message.kind === 'call') return new ClientConnection(2).send(message);
  if (message.kind === 'signal') return inState('client', 2, 'running').send(message);
  if (message.kind === 'request') throw new Error('no message of version 2');
  const state = { started: 'offered', refused: 'offered', reply: 'asked' }[message.kind as string] ?? 'running';
  return inState('server', 2, state).send(message);
}

function callToSend(words: string[]): CallToSend {
  const descriptors: Descriptor[] = [];
  const limits: { resource: number; soft: bigint | null }[] = [];
  const args: Uint8Array[] = [];
  const environment: Uint8Array[] = [];
  const more: { -readonly [Key in 'umask' | 'nice' | 'affinity' | 'script' | 'traced']?: CallToSend[Key] } = {};
  const rest = [...words];
  const next = () => rest.shift() as string;
  while (rest.length > 0) {
    const what = next();
    if (what === 'stdio') {
      const stdio = Number(next());
      for (const [place, name] of (['stdin', 'stdout', 'stderr'] as const).entries()) {
        if ((stdio >> place) & 1) descriptors.push(name);
      }
    } else if (what === 'cwd') descriptors.push('cwd');
    else if (what === 'traced') more.traced = true;
    else if (what === 'umask') more.umask = Number.parseInt(next(), 8);
    else if (what === 'nice') more.nice = Number(next());
    else if (what === 'limit')
      limits.push({ resource: Number(next()), soft: ((word) => (word === 'none' ? null : BigInt(word)))(next()) });
    else if (what === 'affinity') more.affinity = fromWord(next());
    else if (what === 'script') more.script = fromWord(next());
    else if (what === 'a') args.push(fromWord(next()));
    else if (what === 'e') environment.push(fromWord(next()));
    else throw new Error(`encode-call: no ${what} here`);
  }
  return { kind: 'call', descriptors, limits, arguments: args, environment, ...more };
}

function messageToSend([kind, ...words]: string[]): ServerMessage | ClientSends {
  const [first = '', ...more] = words;
  switch (kind) {
    case 'signal':
    case 'stopped':
      return { kind, signal: Number(first) };
    case 'control':
      return { kind, operation: first as 'status' | 'stop' };
    case 'started':
      return { kind, pid: Number(first) };
    case 'continued':
      return { kind };
    case 'ended':
      return { kind, status: Number(first) };
    case 'refused':
      return { kind, reason: toText(fromWord(first)) };
    case 'moments':
      return {
        kind,
        moments: words.map((word) => {
          const [moment, at] = word.split(':') as [string, string];
          return { moment: Number(moment), at: BigInt(at) };
        }),
      };
    case 'reply': {
      const [running, waiting, spares, calls = '', uptime = '', idle = '', script = 'none', stale] = more;
      return {
        kind,
        pid: Number(first),
        running: Number(running),
        waiting: Number(waiting),
        spares: Number(spares),
        calls: BigInt(calls),
        uptimeMs: BigInt(uptime),
        idleMs: BigInt(idle),
        script: script === 'none' ? null : fromWord(script),
        stale: stale === undefined ? null : toText(fromWord(stale)),
      };
    }
    default:
      throw new Error(`encode-message: no kind ${kind}`);
  }
}
