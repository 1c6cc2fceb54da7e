import { PreforkError } from '../errors.js';
import { FACILITIES, type Facility } from '../server/syslog.js';

/** What a script may say about its server. Everything has a default, and none of it changes what a call sees. */
export interface InitialisationOptions {
  /** Most executors at once; further calls wait their turn. Negative: no limit. Default 4. */
  maxServers?: number;
  /** The server ends when nothing was called for so many seconds. Negative: never. Default 1 000 000. */
  idleTimeoutSeconds?: number;
  /** The server ends when accepting a call failed more than so many times in a row. Default 100. */
  maxErrors?: number;
  /** The server ends, once a call has come and is on its way, when it has more resident memory than so many MB. Negative: no limit. Default -1. */
  maxMemoryMb?: number;
  /**
   * The server keeps no executor waiting while the machine has fewer MB available than this when a call comes, and ends when it has
   * fewer than half of them. Negative: it never does. Default 128.
   */
  minAvailableMb?: number;
  /** Where the server logs to: a syslog(3) facility such as `user` or `local0`; `''` for nowhere. Default `user`. */
  logFacility?: Facility | '';
}

/** The same, complete and checked. */
export type ServerOptions = Required<InitialisationOptions>;

export const DEFAULTS: ServerOptions = {
  maxServers: 4,
  idleTimeoutSeconds: 1_000_000,
  maxErrors: 100,
  maxMemoryMb: -1,
  minAvailableMb: 128,
  logFacility: 'user',
};

/** Fills in what was not given. Throws for a name or a value that means nothing, rather than to ignore it. */
export function completeOptions(given: InitialisationOptions = {}): ServerOptions {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(DEFAULTS, name))
      throw invalid(name, `is not an option; there are ${Object.keys(DEFAULTS).join(', ')}`);
  }
  const options = { ...DEFAULTS, ...dropUndefined(given) };
  if (!Number.isInteger(options.maxServers) || options.maxServers === 0) {
    throw invalid('maxServers', 'must be a whole number, and not 0: that would never serve a call');
  }
  if (typeof options.idleTimeoutSeconds !== 'number' || Number.isNaN(options.idleTimeoutSeconds)) {
    throw invalid('idleTimeoutSeconds', 'must be a number of seconds');
  }
  if (!Number.isInteger(options.maxErrors) || options.maxErrors < 0) {
    throw invalid('maxErrors', 'must be a whole number, 0 or more');
  }
  for (const name of ['maxMemoryMb', 'minAvailableMb'] as const) {
    if (typeof options[name] !== 'number' || Number.isNaN(options[name])) throw invalid(name, 'must be a number of MB');
  }
  if (options.logFacility !== '' && !Object.hasOwn(FACILITIES, options.logFacility)) {
    throw invalid('logFacility', `must be '' or one of ${Object.keys(FACILITIES).join(', ')}`);
  }
  return options;
}

function dropUndefined(given: InitialisationOptions): InitialisationOptions {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function invalid(name: string, what: string): PreforkError {
  return new PreforkError('ERR_PREFORK_OPTION', `initialisationComplete: option ${name} ${what}`);
}
