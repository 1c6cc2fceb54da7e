import { closeSync, constants, fstatSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as native from '../native.js';
import type { Level, Log } from './syslog.js';

/**
 * The log of all servers of a run directory, a JSON object a line, and what came before it. Neither name begins with `l` or `s`, by which preclean,
 * that of the released system too, knows a rendezvous.
 */
export const EVENTS_FILE = 'events.jsonl';
export const FORMER_EVENTS_FILE = 'events.1.jsonl';

/** A file that has grown to this becomes the former one, and what was that is gone: some three hundred records each. */
export const EVENTS_LIMIT_BYTES = 64 * 1024;
/** A message holds a path or two, or the stack of an error. */
const MESSAGE_LIMIT = 4096;

/** Messages by which a reader of the log knows when a server came and went. */
export const BEGINS = 'the server begins to serve';
export const RETIRES = 'the server retires: ';

/** A line of the log. */
export interface EventRecord {
  /** ISO 8601. */
  readonly time: string;
  readonly pid: number;
  readonly level: Level;
  readonly ident: string;
  readonly script: string;
  readonly message: string;
}

/** No FIFO or link that somebody has put there is to hold up a server, or to lead elsewhere. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A server's part in that log. Whatever goes wrong with it (a full disk, a run directory that is gone) is passed over: a server that cannot log
 * still has calls to serve. A record is one write(2) to the end of the file, so those of several processes do not mix.
 *
 * The file is opened for each record, since a descriptor would be one more that no executor may have. It is made by {@link begin} alone: a server that
 * retires because its run directory is being removed must not put something into it.
 */
export class EventLog {
  readonly #directory: string;
  readonly #ident: string;
  readonly #script: string;

  /** `socketPath` as the rendezvous has it, `.../sIDENT`. */
  constructor(socketPath: string, script: string) {
    this.#directory = dirname(socketPath);
    this.#ident = basename(socketPath).slice(1);
    this.#script = script;
  }

  /** The server is there. */
  begin(): void {
    this.#append('info', BEGINS, constants.O_CREAT);
  }

  readonly log: Log = (level, message) => this.#append(level, message, 0);

  #append(level: Level, message: string, more: number): void {
    const text = message.slice(0, MESSAGE_LIMIT);
    const about = { ident: this.#ident, script: this.#script, message: text };
    const record: EventRecord = { time: new Date().toISOString(), pid: native.processId(), level, ...about };
    try {
      const file = openSync(join(this.#directory, EVENTS_FILE), APPEND | more, 0o600);
      try {
        writeSync(file, `${JSON.stringify(record)}\n`);
        if (fstatSync(file).size >= EVENTS_LIMIT_BYTES) this.#replace(file);
      } finally {
        closeSync(file);
      }
    } catch {
      // See above.
    }
  }

  /** Begins another file. Several processes may find out at once that it is time to: the lock on the old one decides who does it, and the name whether it was done. */
  #replace(file: number): void {
    const path = join(this.#directory, EVENTS_FILE);
    if (!native.lock(file, 'exclusive', false) || statSync(path).ino !== fstatSync(file).ino) return;
    renameSync(path, join(this.#directory, FORMER_EVENTS_FILE));
    closeSync(openSync(path, APPEND | constants.O_CREAT, 0o600));
  }
}
