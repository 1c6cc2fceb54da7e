import { PreforkError } from '../errors.js';

/** The variable by which a client tells setup what it has prepared for it. */
export const HANDOVER_VARIABLE = 'PREFORK_INTERP';

/** What the client prepared: the descriptors of a server to be, and the time before which everything was fresh. */
export interface Handover {
  /** The listening socket of the rendezvous. */
  readonly listener: number;
  /** The socket of the initial call. */
  readonly call: number;
  /** The writing end of the watcher's standard input: never written, its closing ends the watcher. */
  readonly watcherInput: number;
  /** The reading end of the watcher's standard error, non-blocking: end of file or data mean that the server must go. */
  readonly watcherErrors: number;
  /** What is to be spoken with the client, and with those that come later. */
  readonly protocol: 1 | 2;
  /** Modification time of the socket in nanoseconds, just before setup started; absent in the first design. */
  readonly stampNs: bigint | undefined;
  /** The options of the server that the `#!` line gives: names without dashes, and values. */
  readonly options: readonly (readonly [name: string, value: string])[];
  /** The path of the rendezvous' socket, in a directory in which only this user can write; absent in version 1. */
  readonly socket: string | undefined;
}

/**
 * Takes apart the value of `PREFORK_INTERP`: `v1,SECS.NSECS[,v2][,NAME=VALUE ..][,...] LISTEN,CALL,WATCHE,WATCHI[,...][ ...]`; with `v2`, what comes last is the path of the socket.
 *
 * What is not known is ignored, so that a later client can say more: `v2` is such an item, which a library that does not know it passes over. The first design has no time stamp. Throws where
 * the value is not of this form: then some other program set the variable, or a client newer than version 1 alone.
 */
export function parseHandover(value: string): Handover {
  const [versionWord = '', descriptorsWord = '', ...rest] = value.split(' ');
  const [version, stamp, ...more] = versionWord.split(',');
  if (version !== 'v1') throw malformed(value, `its version is not v1`);
  const numbers = descriptorsWord.split(',').slice(0, 4).map(parseDescriptor);
  const [listener, call, watcherInput, watcherErrors] = numbers;
  if (listener === undefined || call === undefined || watcherInput === undefined || watcherErrors === undefined) {
    throw malformed(value, 'it does not give four descriptors');
  }
  const protocol = more.includes('v2') ? 2 : 1;
  const options = more.flatMap(parseOption);
  const stampNs = stamp ? parseStamp(stamp, value) : undefined;
  // A path may have spaces in it.
  const last = rest.join(' ');
  const socket = protocol === 2 && last.startsWith('/') ? last : undefined;
  return { listener, call, watcherInput, watcherErrors, protocol, stampNs, options, socket };
}

/** What `--examine` hands over. */
export interface ExaminationOrder extends Pick<Handover, 'options'> {
  /** The descriptor that the report is to be written to. */
  readonly report: number;
}

/** Takes apart `examine[,NAME=VALUE ..] DESCRIPTOR`; undefined for anything else. */
export function parseExamination(value: string): ExaminationOrder | undefined {
  const [words = '', descriptor = '', ...rest] = value.split(' ');
  const [word, ...more] = words.split(',');
  const report = parseDescriptor(descriptor);
  if (word !== 'examine' || rest.length > 0 || report === undefined) return undefined;
  return { report, options: more.flatMap(parseOption) };
}

function parseDescriptor(text: string): number | undefined {
  return /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}

function parseOption(item: string): (readonly [string, string])[] {
  const at = item.indexOf('=');
  return at < 1 ? [] : [[item.slice(0, at), item.slice(at + 1)]];
}

function parseStamp(text: string, value: string): bigint {
  const match = /^(\d{1,12})\.(\d{9})$/.exec(text);
  if (!match) throw malformed(value, 'its time stamp is not SECONDS.NANOSECONDS');
  return BigInt(`${match[1]}${match[2]}`);
}

function malformed(value: string, why: string): PreforkError {
  return new PreforkError(
    'ERR_PREFORK_HANDOVER',
    `${HANDOVER_VARIABLE}=${JSON.stringify(value.slice(0, 200))}: ${why}; unset it, or use a client that speaks version 1`,
  );
}
