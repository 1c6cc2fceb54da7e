/**
 * What each error code of the core is called and says.
 *
 * One table for both hosts: TypeScript throws a CodecError made from it, and scripts/generate-constants.mjs turns it into a
 * function of generated/constants.h. In a text, `%` is what the error is about: an option, a path.
 */
import * as c from '../../assembly/constants.js';
import { decodeText } from './text.js';

const NOTHING = new Uint8Array();

/** An error of the core: what was handed to it, or came over the wire, is not as it must be. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  constructor(
    /** Stable, e.g. ERR_REQUEST_TOO_LARGE. */
    readonly code: string,
    message: string,
    /** What it is about, e.g. an option, as the bytes that were given; empty where there is nothing to name. */
    readonly subject: Uint8Array = NOTHING,
  ) {
    super(message);
  }
}

/** The code's number, its stable name, its text. */
export const CORE_ERRORS: readonly (readonly [number, string, string])[] = [
  [c.E_SEQUENCE, 'ERR_CORE_SEQUENCE', 'a function of the core was called out of turn'],
  [c.E_ARGUMENT, 'ERR_CORE_ARGUMENT', 'a function of the core was called with a value that it does not know'],
  [
    c.E_STRING_TOO_LONG,
    'ERR_STRING_TOO_LONG',
    `a string is longer than the ${c.STRING_LIMIT} bytes that execve(2) allows`,
  ],
  [c.E_STRING_WITH_NUL, 'ERR_STRING_WITH_NUL', 'a string holds a NUL byte'],

  [c.E_OPTION_UNKNOWN, 'ERR_OPTION_UNKNOWN', 'unknown option %; see prefork-interp --help'],
  [c.E_OPTION_VALUE_MISSING, 'ERR_OPTION_VALUE_MISSING', 'option % needs a value'],
  [c.E_OPTION_VALUE_UNWANTED, 'ERR_OPTION_VALUE_UNWANTED', 'option % does not take a value'],
  [c.E_OPTION_TWICE, 'ERR_OPTION_TWICE', 'option % was given more than once'],
  [
    c.E_OPTION_VALUE,
    'ERR_OPTION_VALUE',
    `option %: a value is made of letters, digits, points and dashes, ${c.SETTING_VALUE_LIMIT} at most`,
  ],
  [
    c.E_MEDIATION_MISSING,
    'ERR_MEDIATION_MISSING',
    'no mediation was given: say -U (setup and script see all arguments and variables) or -L (setup sees none)',
  ],
  [c.E_MEDIATION_TWICE, 'ERR_MEDIATION_TWICE', 'both -U and -L were given: say one of them'],
  [c.E_INTERPRETER_MISSING, 'ERR_INTERPRETER_MISSING', 'no interpreter was given: it follows the options'],
  [
    c.E_SCRIPT_MISSING,
    'ERR_SCRIPT_MISSING',
    'no script was given: it follows the argument that combines options and interpreter',
  ],
  [
    c.E_OPTIONS_TOO_LONG,
    'ERR_OPTIONS_TOO_LONG',
    `options and interpreter are longer than ${c.OPTIONS_TEXT_LIMIT - 1} bytes`,
  ],
  [
    c.E_OPTIONS_TOO_MANY,
    'ERR_OPTIONS_TOO_MANY',
    `there are more than ${c.OPTIONS_WORDS_LIMIT} options and interpreter arguments`,
  ],
  [c.E_IDENT_EMPTY, 'ERR_IDENT_EMPTY', 'the ident given with -g is empty'],
  [c.E_IDENT_SLASH, 'ERR_IDENT_SLASH', 'the ident given with -g holds a slash, but it is to be a file name: %'],
  [
    c.E_IDENT_TOO_LONG,
    'ERR_IDENT_TOO_LONG',
    'the ident given with -g is too long for the name of a socket in the run directory: %',
  ],
  [
    c.E_RUN_DIRECTORY_TOO_LONG,
    'ERR_RUN_DIRECTORY_TOO_LONG',
    `the path of the run directory is too long: a socket in it could have no name of ${c.IDENT_DIGITS_MINIMUM} digits: %`,
  ],

  [c.E_IDENTITY_SCHEME, 'ERR_IDENTITY_SCHEME', 'the identity has an unknown scheme'],
  [c.E_IDENTITY_PROLOGUE, 'ERR_IDENTITY_PROLOGUE', 'the prologue of the identity is not as its scheme wants it'],

  [c.E_GREETING_MAGIC, 'ERR_GREETING_MAGIC', 'the server does not greet as a prefork-interp server does'],
  [
    c.E_GREETING_TOO_LARGE,
    'ERR_GREETING_TOO_LARGE',
    `the greeting's extension is longer than ${c.GREETING_EXTENSION_LIMIT} bytes`,
  ],
  [c.E_REQUEST_MARKER, 'ERR_REQUEST_MARKER', 'the request does not begin with zero bytes'],
  [
    c.E_REQUEST_DESCRIPTORS,
    'ERR_REQUEST_DESCRIPTORS',
    'the request does not carry one descriptor on each of its three bytes for them',
  ],
  [
    c.E_REQUEST_TOO_LARGE,
    'ERR_REQUEST_TOO_LARGE',
    `arguments and environment are longer than the ${c.REQUEST_LIMIT} bytes that Linux passes to a program`,
  ],
  [
    c.E_REQUEST_TOO_MANY_STRINGS,
    'ERR_REQUEST_TOO_MANY_STRINGS',
    `there are more than ${c.REQUEST_STRINGS_LIMIT} arguments and variables`,
  ],
  [c.E_REQUEST_NOT_TERMINATED, 'ERR_REQUEST_NOT_TERMINATED', 'the last string of the request does not end in NUL'],
  [
    c.E_REQUEST_NO_SEPARATOR,
    'ERR_REQUEST_NO_SEPARATOR',
    'the request has no empty string between environment and arguments',
  ],
  [c.E_REQUEST_ENVIRONMENT, 'ERR_REQUEST_ENVIRONMENT', 'the request has an environment entry without a ='],
  [c.E_REQUEST_TRAILING, 'ERR_REQUEST_TRAILING', 'bytes follow the request'],

  [c.E_MESSAGE_VERSION, 'ERR_MESSAGE_VERSION', `a message is not of version ${c.MESSAGE_VERSION} of the protocol`],
  [c.E_MESSAGE_KIND, 'ERR_MESSAGE_KIND', 'a message is of a kind that cannot come at its place'],
  [c.E_MESSAGE_TOO_LARGE, 'ERR_MESSAGE_TOO_LARGE', 'a message is longer than one of its kind may be'],
  [c.E_MESSAGE_DESCRIPTORS, 'ERR_MESSAGE_DESCRIPTORS', 'a call does not come with the descriptors that it names'],
  [c.E_MESSAGE_TRAILING, 'ERR_MESSAGE_TRAILING', 'bytes follow the call'],
  [c.E_FIELD_TWICE, 'ERR_FIELD_TWICE', 'a message has field % twice'],
  [c.E_FIELD_LENGTH, 'ERR_FIELD_LENGTH', 'a message has a field % of a wrong length'],
  [c.E_FIELD_TRUNCATED, 'ERR_FIELD_TRUNCATED', 'a message ends within a field'],
  [c.E_FIELD_MISSING, 'ERR_FIELD_MISSING', 'a message lacks field %'],
  [c.E_FIELD_VALUE, 'ERR_FIELD_VALUE', 'a message has a field % with a value that it may not have'],
  [
    c.E_FIELD_NOT_TERMINATED,
    'ERR_FIELD_NOT_TERMINATED',
    'a message has a field % whose last string does not end in NUL',
  ],

  [c.E_PRECLEAN_FULL, 'ERR_PRECLEAN_FULL', `the run directory holds more than ${c.PRECLEAN_NAMES_LIMIT} names`],
];

/** The error of a code that is not E_NONE. */
export function codecError(code: number, subject: Uint8Array = NOTHING): CodecError {
  const [, name, text] = CORE_ERRORS.find(([number]) => number === code) ?? [
    code,
    'ERR_CORE',
    `error ${code} of the core`,
  ];
  return new CodecError(
    name,
    text.replace('%', () => decodeText(subject)),
    subject,
  );
}
