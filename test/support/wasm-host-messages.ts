/** The wasm host's operations for version 2: calls and messages, as native/core/test/host_messages.cc has them. */

import type { ContextCall, Core, Message, Moment } from '../../src/core.js';
import { EMPTY_CALL } from './empty-call.js';
import { escapeBytes, unescapeBytes } from './notation.js';

export function messageOperations(core: Core): Record<string, (words: string[]) => string[]> {
  return {
    call: (words) => decodeCall(core, words),
    'encode-call': (words) => [`message ${escapeBytes(core.encodeCall(contextCall(words)))}`],
    messages: (words) => {
      const decoder = core.messageDecoder();
      const lines = words.flatMap((word) => decoder.push(unescapeBytes(word))).map(lineOf);
      return lines.length > 0 ? lines : ['nothing'];
    },
    'encode-message': (words) => [`message ${escapeBytes(core.encodeMessage(message(words)))}`],
    header: ([bytes]) => {
      const { kind, bodyBytes, traced } = core.messageHeader(unescapeBytes(bytes as string));
      return [`header ${kind} ${bodyBytes}${traced ? ' traced' : ''}`];
    },
  };
}

/** Words are reads, BYTES:DESCRIPTORS; each is taken in as many parts as the decoder's space wants, descriptors with the first. */
function decodeCall(core: Core, words: string[]): string[] {
  const decoder = core.callDecoder();
  let complete = false;
  for (const word of words) {
    const colon = word.lastIndexOf(':');
    const bytes = unescapeBytes(word.slice(0, colon));
    for (let from = 0; from < bytes.length; ) {
      const space = decoder.space();
      const part = bytes.subarray(from, from + space.length);
      space.set(part);
      complete = decoder.received(part.length, from === 0 ? Number(word.slice(colon + 1)) : 0);
      from += part.length;
    }
  }
  return complete ? callLines(decoder.call) : ['need'];
}

function callLines(call: ContextCall): string[] {
  const entries = Buffer.from(call.environment).toString('latin1').split('\0').slice(0, -1);
  return [
    `stdio ${call.stdio}`,
    ...(call.cwd ? ['cwd'] : []),
    ...(call.umask === null ? [] : [`umask ${call.umask.toString(8)}`]),
    ...(call.nice === null ? [] : [`nice ${call.nice}`]),
    ...call.limits.map(({ resource, soft }) => `limit ${resource} ${soft ?? 'none'}`),
    ...(call.affinity ? [`affinity ${escapeBytes(call.affinity)}`] : []),
    ...(call.script ? [`script ${escapeBytes(call.script)}`] : []),
    ...call.arguments.map((argument) => `argument ${escapeBytes(argument)}`),
    ...entries.map((entry) => `environment ${escapeBytes(Buffer.from(entry, 'latin1'))}`),
  ];
}

/** The words of an encode-call, in any order: the face takes the call as a whole. */
function contextCall(words: string[]): ContextCall {
  const call: ContextCall = { ...EMPTY_CALL, limits: [], arguments: [] };
  const rest = [...words];
  const next = () => rest.shift() as string;
  while (rest.length > 0) {
    const what = next();
    if (what === 'stdio') call.stdio = Number(next());
    else if (what === 'cwd') call.cwd = true;
    else if (what === 'traced') call.traced = true;
    else if (what === 'umask') call.umask = Number.parseInt(next(), 8);
    else if (what === 'nice') call.nice = Number(next());
    else if (what === 'limit') call.limits.push({ resource: Number(next()), soft: soft(next()) });
    else if (what === 'affinity') call.affinity = unescapeBytes(next());
    else if (what === 'script') call.script = unescapeBytes(next());
    else if (what === 'a') call.arguments.push(unescapeBytes(next()));
    else if (what === 'e') call.environment = Buffer.concat([call.environment, unescapeBytes(next()), Buffer.alloc(1)]);
    else throw new Error(`encode-call: no ${what} here`);
  }
  return call;
}

function soft(word: string): bigint | null {
  return word === 'none' ? null : BigInt(word);
}

function lineOf(message: Message): string {
  switch (message.kind) {
    case 'signal':
    case 'stopped':
      return `${message.kind} ${message.signal}`;
    case 'control':
      return `control ${message.operation}`;
    case 'started':
      return `started ${message.pid}`;
    case 'continued':
      return 'continued';
    case 'ended':
      return `ended ${message.status}`;
    case 'refused':
      return `refused ${escapeBytes(Buffer.from(message.reason))}`;
    case 'moments':
      return ['moments', ...message.moments.map(({ moment, at }) => `${moment}:${at}`)].join(' ');
    case 'reply': {
      const { pid, running, waiting, spares, calls, uptimeMs, idleMs, script, stale } = message;
      const numbers = [pid, running, waiting, spares, calls, uptimeMs, idleMs];
      const path = script ? [escapeBytes(script)] : stale === null ? [] : ['none'];
      return ['reply', ...numbers, ...path, ...(stale === null ? [] : [escapeBytes(Buffer.from(stale))])].join(' ');
    }
  }
}

function message([kind, ...words]: string[]): Message {
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
      return { kind, reason: unescapeBytes(first).toString() };
    case 'moments':
      return { kind, moments: words.map(moment) };
    case 'reply': {
      const [running, waiting, spares, calls, uptime, idle] = more as [string, string, string, string, string, string];
      const [script = 'none', stale] = more.slice(6);
      return {
        kind,
        pid: Number(first),
        running: Number(running),
        waiting: Number(waiting),
        spares: Number(spares),
        calls: BigInt(calls),
        uptimeMs: BigInt(uptime),
        idleMs: BigInt(idle),
        script: script === 'none' ? null : unescapeBytes(script),
        stale: stale === undefined ? null : unescapeBytes(stale).toString(),
      };
    }
    default:
      throw new Error(`encode-message: no kind ${kind}`);
  }
}

/** MOMENT:NANOSECONDS */
function moment(word: string): Moment {
  const [which, at] = word.split(':') as [string, string];
  return { moment: Number(which), at: BigInt(at) };
}
