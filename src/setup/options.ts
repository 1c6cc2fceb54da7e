import { PreforkError } from '../errors.js';
import { FACILITIES, type Facility } from '../server/syslog.js';

/**
 * What a script may say about its server. Everything has a default, and none of it changes what a call sees. What its `#!` line says goes before that:
 * docs/life-cycle.md.
 */
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
   * The server keeps no executor waiting while fewer MB than this are left when a call comes, of the machine's memory or of its control group's, and ends when it
   * is fewer than half of them. Negative: it never does. Default 128.
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

/** What is wrong with a value; undefined where nothing is. */
type Check = (value: unknown) => string | undefined;

const CHECKS: { readonly [Name in keyof ServerOptions]: Check } = {
  maxServers: (value) =>
    Number.isInteger(value) && value !== 0
      ? undefined
      : 'must be a whole number, and not 0: that would never serve a call',
  idleTimeoutSeconds: aNumberOf('seconds'),
  maxErrors: (value) =>
    Number.isInteger(value) && (value as number) >= 0 ? undefined : 'must be a whole number, 0 or more',
  maxMemoryMb: aNumberOf('MB'),
  minAvailableMb: aNumberOf('MB'),
  logFacility: (value) =>
    value === '' || (typeof value === 'string' && Object.hasOwn(FACILITIES, value))
      ? undefined
      : `must be empty or one of ${Object.keys(FACILITIES).join(', ')}`,
};

const NAMES = Object.keys(DEFAULTS) as (keyof ServerOptions)[];

/** Fills in what was not given. Throws for a name or a value that means nothing, rather than to ignore it. */
export function completeOptions(given: InitialisationOptions = {}): ServerOptions {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(DEFAULTS, name)) throw invalid(name, `is not an option; there are ${NAMES.join(', ')}`);
  }
  const options = { ...DEFAULTS, ...dropUndefined(given) };
  for (const name of NAMES) {
    const wrong = CHECKS[name](options[name]);
    if (wrong !== undefined) throw invalid(name, wrong);
  }
  return options;
}

/** As an option is written in the `#!` line: `maxServers` is `--max-servers`. */
export function onTheLine(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A number as the `#!` line may have it. */
const NUMBER = /^-?\d{1,9}(\.\d{1,3})?$/;

/**
 * The options that the `#!` line has given, as name and value; they go before those of the script. Throws for a value that means nothing. A name that
 * is not known is a later client's, and has been understood by it.
 */
export function optionsOfLine(given: readonly (readonly [name: string, value: string])[]): Partial<ServerOptions> {
  const options: Record<string, unknown> = {};
  for (const [written, text] of given) {
    const name = NAMES.find((known) => onTheLine(known) === `--${written}`);
    if (name === undefined) continue;
    const value = typeof DEFAULTS[name] === 'number' && NUMBER.test(text) ? Number(text) : text;
    const wrong = CHECKS[name](value);
    if (wrong !== undefined) throw new PreforkError('ERR_PREFORK_OPTION', `option --${written}=${text} ${wrong}`);
    options[name] = value;
  }
  return options;
}

function aNumberOf(unit: string): Check {
  return (value) => (typeof value === 'number' && !Number.isNaN(value) ? undefined : `must be a number of ${unit}`);
}

function dropUndefined(given: InitialisationOptions): InitialisationOptions {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function invalid(name: string, what: string): PreforkError {
  return new PreforkError('ERR_PREFORK_OPTION', `initialisationComplete: option ${name} ${what}`);
}
