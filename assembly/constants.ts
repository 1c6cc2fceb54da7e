/**
 * The one source of every limit, tag, kind and error code of the core.
 *
 * The file is plain TypeScript that AssemblyScript also understands: the core compiles it, src/core.ts imports it,
 * and scripts/generate-constants.mjs turns it into generated/constants.h for C++. Only integers may stand here.
 */

// ---------------------------------------------------------------------------------------------------------------
// Limits. Each says why it is what it is.

/**
 * Longest string a host may hand over in one piece, its NUL not counted: Linux refuses a longer argument or
 * environment string in execve(2) (MAX_ARG_STRLEN, 32 pages, its NUL counted), so no caller can have one.
 */
export const STRING_LIMIT = 131071;

/**
 * All words of the command line up to the interpreter's last argument, with their NULs. In a `#!` line the kernel
 * gives 255 bytes at most; this much lets every string that execve(2) can pass be an option's value once.
 */
export const OPTIONS_TEXT_LIMIT = 131072;

/** Words of the command line that are kept (`-G`, `-E`, options of the server, interpreter and its arguments). A `#!` line holds 127. */
export const OPTIONS_WORDS_LIMIT = 512;

/** Longest value of an option that is the server's: a number, or a word. */
export const SETTING_VALUE_LIMIT = 32;

/**
 * Length of a request's strings, NULs counted. Linux passes at most 6 MiB of arguments and environment to a
 * program, whatever the stack limit is (3/4 of _STK_LIM, bprm_stack_limits() in fs/exec.c), so a client can always
 * send on what it was itself given.
 */
export const REQUEST_LIMIT = 6291456;

/**
 * Number of strings in a request. The kernel counts an 8-byte pointer and at least the NUL for each string against
 * the 6 MiB above, hence a ninth of it; this bounds the objects that a host makes from one request.
 */
export const REQUEST_STRINGS_LIMIT = 699050;

/** Descriptors that open a v1 request: standard input, output and error. */
export const REQUEST_DESCRIPTORS = 3;

/**
 * Longest extension of a greeting that is read and thrown away. v1 servers send none; one page leaves room for a
 * stranger, and a length in the wrong byte order (at least 2^24 for any small value) is refused instead of waited for.
 */
export const GREETING_EXTENSION_LIMIT = 4096;

/** Greeting without extension: the magic and the extension's length. */
export const GREETING_BYTES = 8;

/** Status: one wait status. */
export const STATUS_BYTES = 4;

/** Bytes of a SHA-256. */
export const HASH_BYTES = 32;

/** Hexadecimal digits of a whole identity. */
export const IDENT_DIGITS = 64;

/** Fewest digits of an identity that still count: 33 digits are 132 bits, more than a UUID can distinguish. */
export const IDENT_DIGITS_MINIMUM = 33;

/** Size of sun_path in struct sockaddr_un (unix(7)). */
export const SOCKET_PATH_BYTES = 108;

/** What a rendezvous path needs besides run directory and identity: `/`, the letter and the NUL, and spare, as released. */
export const SOCKET_PATH_OVERHEAD = 12;

/** Rendezvous that preclean leaves in peace where nothing else is said, as released. */
export const PRECLEAN_KEEP = 100;

/** The most that can be said instead: each is three processes, and a machine has numbers for 32768 by default (kernel.pid_max, proc_sys_kernel(5)). */
export const PRECLEAN_KEEP_LIMIT = 1000;

/**
 * Names that one preclean looks at: two for each rendezvous, of which every cold start leaves 1000 at most, and as many again. More than this is a
 * directory that something else fills; the names beyond it are left for the next time.
 */
export const PRECLEAN_NAMES_LIMIT = 4096;

/** Longest name in a directory (NAME_MAX, readdir(3)). */
export const NAME_LIMIT = 255;

/** What every message of version 2 begins with: kind, version, two bytes of nothing, length of the body. */
export const MESSAGE_HEADER_BYTES = 8;

/** What every field begins with: tag, two bytes of nothing, length of its bytes. */
export const FIELD_HEADER_BYTES = 8;

/**
 * Body of a call: all strings that Linux passes to a program, and 8 KiB for the rest. The other fields take 5585 bytes at
 * most, headers of all included; what is left over is for fields that a later version adds.
 */
export const CALL_BODY_LIMIT = 6299648;

/** Body of any other message: a script's path, which is the longest thing in one, and as much again for the rest. */
export const MESSAGE_BODY_LIMIT = 8192;

/** A whole message with one number in it. */
export const MESSAGE_SMALL_BYTES = 20;

/** Descriptors that come with a call: standard input, output and error, and the working directory. */
export const CALL_DESCRIPTORS = 4;

/** Resource limits in a call. Linux has 16 (RLIM_NLIMITS in asm-generic/resource.h): twice that leaves room. */
export const CALL_LIMITS_LIMIT = 32;

/** One of them: the resource, and its soft limit. */
export const CALL_LIMIT_BYTES = 12;

/** Longest set of processors: one bit each for 8192, the most that a Linux kernel is built for (CONFIG_NR_CPUS). */
export const AFFINITY_LIMIT = 1024;

/** Longest path of a script: no longer one can be opened (PATH_MAX, path_resolution(7)). */
export const SCRIPT_LIMIT = 4096;

/** Moments in one message: twice as many as there are of the kinds below that a server tells. */
export const MOMENTS_LIMIT = 32;

/** One of them: which it is, and its time. */
export const MOMENT_BYTES = 12;

/** Longest reason of a refusal: it is to become one line on a terminal. */
export const REASON_LIMIT = 512;

// ---------------------------------------------------------------------------------------------------------------
// Options: what was asked for.

export const MODE_RUN = 0;
/** `-f`: replace a running server. */
export const MODE_FRESH = 1;
/** `--kill`: remove the rendezvous. */
export const MODE_KILL = 2;
/** `--help`: usage, and nothing else. */
export const MODE_HELP = 3;
/** `--explain`: say which rendezvous it would be, and what that was worked out from; run nothing. */
export const MODE_EXPLAIN = 4;
/** `--examine`: run setup alone, which tells what it finds at its fork point. */
export const MODE_EXAMINE = 5;

/** `--strict`: where the call cannot be served, say so, instead of running the script directly. A bit of options_flags(). */
export const FLAG_STRICT = 1;
/** `--direct-on-tty`: run the script directly where standard input is a terminal. A bit of options_flags(). */
export const FLAG_DIRECT_ON_TTY = 2;

export const MEDIATION_NONE = 0;
/** `-U`: setup and executor both see all arguments and variables. */
export const MEDIATION_UNLAUNDERED = 1;
/** `-L`: setup sees neither the call's arguments nor, but for a few, its variables. */
export const MEDIATION_LAUNDERED = 2;

/** Roles of a word of the command line. The first three are also the tags of the identity's fields. */
export const ROLE_STRING = 0x47; // G
export const ROLE_VARIABLE = 0x45; // E
/** An option of the server, `NAME=VALUE` without its dashes. */
export const ROLE_SETTING = 0x6f; // o
export const ROLE_IDENT = 0x67; // g
export const ROLE_INTERPRETER = 0x69; // i
export const ROLE_INTERPRETER_ARGUMENT = 0x61; // a

// ---------------------------------------------------------------------------------------------------------------
// Identity: tags of the fields (docs/protocol.md), and the schemes, which are the prologue's first byte.

export const TAG_STRING = 0x47; // G
export const TAG_VARIABLE = 0x45; // E
export const TAG_VALUE = 0x76; // v
export const TAG_ABSENT = 0;
export const TAG_SETTING = 0x6f; // o
export const TAG_INTERPRETER = 0x69; // i
export const TAG_INTERPRETER_ARGUMENT = 0x61; // a
export const TAG_SCRIPT = 0x73; // s

export const SCHEME_FIRST_DESIGN = 0;
export const SCHEME_RELEASED = 1;
export const SCHEME_OURS = 2;

/** The second byte of scheme 2's prologue: which list of context fields it is that follows. */
export const CONTEXT_VERSION = 1;

/** Scheme 2's context fields, in the order in which they are hashed. What is in each is said in docs/protocol.md. */
export const CONTEXT_USER = 1;
export const CONTEXT_ROOT = 2;
export const CONTEXT_NAMESPACES = 3;
export const CONTEXT_PRIVILEGES = 4;
export const CONTEXT_CAPABILITIES = 5;
export const CONTEXT_LABEL = 6;
export const CONTEXT_HARD_LIMITS = 7;
export const CONTEXT_SCHEDULING = 8;
export const CONTEXT_INTERPRETER = 9;
export const CONTEXT_ADAPTER = 10;
export const CONTEXT_VARIABLE = 11;
export const CONTEXT_MEDIATION = 12;
export const CONTEXT_NODE_NAME = 13;
/** No context field has a greater tag, so that none is mistaken for one of the fields above, which are letters. */
export const CONTEXT_LAST = 13;

// ---------------------------------------------------------------------------------------------------------------
// Wire.

/** "PFI\n", big-endian. */
export const GREETING_MAGIC = 0x5046490a;

/** The framing is the release's: one byte without a descriptor comes before the three that carry one. */
export const FRAMING_RELEASED = 1;
/** The framing of the first design: the very first byte carries a descriptor. */
export const FRAMING_FIRST_DESIGN = 0;

/** What a decoder says when it needs more bytes: no error, and not done. */
export const NEED_DATA = -1;

// ---------------------------------------------------------------------------------------------------------------
// Messages of version 2.

export const MESSAGE_VERSION = 2;

/** The first byte of a message. None is one that a version 1 message begins with: 0 or P. */
export const KIND_CALL = 0x43; // C
export const KIND_CONTROL = 0x51; // Q
export const KIND_SIGNAL = 0x47; // G
export const KIND_STARTED = 0x53; // S
export const KIND_STOPPED = 0x54; // T
export const KIND_CONTINUED = 0x4b; // K
export const KIND_ENDED = 0x45; // E
export const KIND_REPLY = 0x52; // R
export const KIND_REFUSED = 0x4e; // N
export const KIND_MOMENTS = 0x4d; // M

/** In the last of the two bytes behind a call's version: the client wants to be told the moments of its call. */
export const MESSAGE_TRACED = 1;

/** Tags of fields. */
export const FIELD_STDIO = 1;
export const FIELD_CWD = 2;
export const FIELD_UMASK = 3;
export const FIELD_LIMITS = 4;
export const FIELD_NICE = 5;
export const FIELD_AFFINITY = 6;
export const FIELD_ARGUMENTS = 7;
export const FIELD_ENVIRONMENT = 8;
export const FIELD_OPERATION = 9;
export const FIELD_SIGNAL = 10;
export const FIELD_PID = 11;
export const FIELD_STATUS = 12;
export const FIELD_REASON = 13;
export const FIELD_SCRIPT = 14;
export const FIELD_RUNNING = 15;
export const FIELD_WAITING = 16;
export const FIELD_CALLS = 17;
export const FIELD_UPTIME = 18;
export const FIELD_MOMENTS = 19;
export const FIELD_SPARES = 20;
export const FIELD_IDLE = 21;
/** The greatest tag that is known. */
export const FIELD_LAST = 21;

/** What a control asks for. */
export const OPERATION_STATUS = 1;
export const OPERATION_STOP = 2;

// ---------------------------------------------------------------------------------------------------------------
// Moments of a traced call (docs/protocol.md). Their times are nanoseconds of CLOCK_MONOTONIC, the same in all processes.

/** The client runs. */
export const MOMENT_CLIENT_BEGAN = 1;
/** It knows the name of the rendezvous: the script's identity was found out. */
export const MOMENT_CLIENT_IDENTIFIED = 2;
/** It is connected to a server that was there. */
export const MOMENT_CLIENT_CONNECTED = 3;
/** There is no server: it is about to start one, and has the lock. */
export const MOMENT_CLIENT_STARTS_SERVER = 4;
/** The setup that it has started became a server. */
export const MOMENT_CLIENT_STARTED_SERVER = 5;
/** All of the call is sent. */
export const MOMENT_CLIENT_SENT = 6;
/** `started` was heard. */
export const MOMENT_CLIENT_STARTED = 7;
/** The end was heard. */
export const MOMENT_CLIENT_ENDED = 8;

/** The server has the connection. */
export const MOMENT_SERVER_ACCEPTED = 16;
/** All of the call is there. */
export const MOMENT_SERVER_HEARD = 17;
/** It may be served, and its turn has come. */
export const MOMENT_SERVER_JUDGED = 18;
/** A spare was sent the connection. */
export const MOMENT_SERVER_HANDED_OVER = 19;
/** There was no spare: an executor was forked. */
export const MOMENT_SERVER_FORKED = 20;
/** The end was heard: from the executor itself, or by its end. */
export const MOMENT_SERVER_ENDED = 21;
/** The client is about to be told of it. */
export const MOMENT_SERVER_TELLS = 22;

/** The executor runs and has the connection. */
export const MOMENT_EXECUTOR_CONNECTED = 32;
/** It has all of the call. */
export const MOMENT_EXECUTOR_RECEIVED = 33;
/** It is the call: descriptors, context, environment, arguments. */
export const MOMENT_EXECUTOR_READY = 34;
/** It has sent `started`. */
export const MOMENT_EXECUTOR_TOLD = 35;
/** It returns into the script. */
export const MOMENT_EXECUTOR_SCRIPT = 36;
/** The script and all that runs at its end is over; the server is about to be told. */
export const MOMENT_EXECUTOR_ENDED = 37;

/** Greater than any of them. */
export const MOMENT_LIMIT = 64;

// ---------------------------------------------------------------------------------------------------------------
// Wait status: tables of meanings, and the actions they name.

/** What the released client does: raises HUP, INT, KILL, PIPE and TERM, and reports the others. */
export const WAIT_TABLE_RELEASED = 1;
/** Raises every signal, also where a core was dumped, so that a caller sees what it would see of the script itself. */
export const WAIT_TABLE_EXACT = 2;

/** Exit with the value. */
export const ACTION_EXIT = 0;
/** Raise the signal against oneself, its action and the mask reset. */
export const ACTION_RAISE = 1;
/** Say that the signal (and a core dump) ended the script. */
export const ACTION_REPORT_SIGNAL = 2;
/** Say that the status is none that a finished process has. */
export const ACTION_REPORT_STATUS = 3;

/** A meaning travels as one integer: the action from this bit on, the core bit, and the value (at most 255) below. */
export const MEANING_ACTION_SHIFT = 16;
export const MEANING_CORE = 256;
export const MEANING_VALUE_MASK = 255;
/** There is no such table. */
export const MEANING_UNKNOWN_TABLE = -1;

// ---------------------------------------------------------------------------------------------------------------
// Errors: values, never exceptions. What each is called and says is in src/core/errors.ts. Numbers are never reused.

export const E_NONE = 0;
/** A function was called out of turn: a mistake of the host. */
export const E_SEQUENCE = 1;
/** A value is none that the function knows: a mistake of the host. */
export const E_ARGUMENT = 2;
export const E_STRING_TOO_LONG = 3;
export const E_STRING_WITH_NUL = 4;

export const E_OPTION_UNKNOWN = 10;
export const E_OPTION_VALUE_MISSING = 11;
export const E_OPTION_VALUE_UNWANTED = 12;
export const E_MEDIATION_MISSING = 13;
export const E_INTERPRETER_MISSING = 14;
export const E_SCRIPT_MISSING = 15;
export const E_OPTIONS_TOO_LONG = 16;
export const E_OPTIONS_TOO_MANY = 17;
export const E_IDENT_EMPTY = 18;
export const E_IDENT_SLASH = 19;
export const E_IDENT_TOO_LONG = 20;
export const E_RUN_DIRECTORY_TOO_LONG = 21;
export const E_MEDIATION_TWICE = 22;
export const E_OPTION_TWICE = 23;
export const E_OPTION_VALUE = 24;

export const E_IDENTITY_SCHEME = 30;
export const E_IDENTITY_PROLOGUE = 31;

export const E_GREETING_MAGIC = 40;
export const E_GREETING_TOO_LARGE = 41;
export const E_REQUEST_MARKER = 42;
export const E_REQUEST_DESCRIPTORS = 43;
export const E_REQUEST_TOO_LARGE = 44;
export const E_REQUEST_TOO_MANY_STRINGS = 45;
export const E_REQUEST_NOT_TERMINATED = 46;
export const E_REQUEST_NO_SEPARATOR = 47;
export const E_REQUEST_ENVIRONMENT = 48;
export const E_REQUEST_TRAILING = 49;

export const E_PRECLEAN_FULL = 60;

export const E_MESSAGE_VERSION = 70;
export const E_MESSAGE_KIND = 71;
export const E_MESSAGE_TOO_LARGE = 72;
export const E_MESSAGE_DESCRIPTORS = 73;
export const E_MESSAGE_TRAILING = 74;
export const E_FIELD_TWICE = 75;
export const E_FIELD_LENGTH = 76;
export const E_FIELD_TRUNCATED = 77;
export const E_FIELD_MISSING = 78;
export const E_FIELD_VALUE = 79;
export const E_FIELD_NOT_TERMINATED = 80;
