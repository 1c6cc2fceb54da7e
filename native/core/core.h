// The core as C++ sees it: option grammar, identity, wire codec, preclean selection, meaning of a wait status.
//
// This is a face, not an implementation: every rule is AssemblyScript in assembly/, compiled to core.wasm and
// translated to C by wasm2c. Here bytes are carried in and results out.
//
// * C headers only, no exceptions, no allocation, no I/O: a static program can link it with musl.
// * Errors are values: a Code, 0 (E_NONE) for success. error_message() puts one into words.
// * There is one core per process, not for use by several threads. It begins by itself at the first call.
// * Strings end in NUL and are bytes of any encoding. Pointers that the face returns point into the core's memory;
//   each function says how long they hold. Calls of one group (options, identity, request and call, greeting, status,
//   messages, preclean) never disturb the results of another group.
//
// Limits and codes: generated/constants.h, made from assembly/constants.ts, in this namespace too.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "generated/constants.h"

struct utsname;

namespace prefork::core {

// One of the E_... of constants.h. NEED_DATA is -1 and appears only where a function says so.
using Code = int;

// ---- Errors ----------------------------------------------------------------------------------------------------

// Stable name of a code, e.g. "ERR_OPTION_UNKNOWN".
const char *error_name(Code code);

// The code in words, as snprintf(3) would write it: always ends in NUL when size is not 0, returns the whole length.
// `subject` is what the error is about (an option, a path); null or "" where there is none.
size_t error_message(Code code, const char *subject, char *out, size_t size);

// ---- Options ---------------------------------------------------------------------------------------------------

enum class Mode : int { run = MODE_RUN, fresh = MODE_FRESH, kill = MODE_KILL, help = MODE_HELP, explain = MODE_EXPLAIN, examine = MODE_EXAMINE };
enum class Mediation : int {
  none = MEDIATION_NONE,
  unlaundered = MEDIATION_UNLAUNDERED,  // -U
  laundered = MEDIATION_LAUNDERED,      // -L
};

// One -G or -E, or an option of the server, in the order given.
struct OptionField {
  char tag;            // 'G', 'E' or 'o'
  const char *string;  // -G: the string; -E: the variable's name; an option: NAME=VALUE, of plain characters, each name once
};

// What the command line says. With mode help the rest may be missing and is not to be used.
// All pointers hold until the next parse_options(), except script, which is argv's own.
struct Options {
  Mode mode;
  Mediation mediation;
  bool strict;         // --strict
  bool direct_on_tty;  // --direct-on-tty
  const char *ident;  // -g, or null
  const OptionField *fields;
  size_t field_count;
  const char *interpreter;
  const char *const *interpreter_arguments;  // null at the end
  size_t interpreter_argument_count;
  const char *script;  // null where none was given
  int script_index;    // its place in argv, or -1
  int first_argument;  // place in argv of the script's first argument; argc where there is none
};

// Reads all three usages. On an error `error_subject` (if not null) is set to what it is about ("" for nothing), to be
// handed to error_message(); it holds until the next parse_options().
Code parse_options(int argc, const char *const *argv, Options *options, const char **error_subject);

// ---- Identity and the rendezvous' name -----------------------------------------------------------------------

// Longest prologue of scheme 1: byte 1, 'u', size_t, 'u', struct utsname, twice path character, dev, 'i', ino.
inline constexpr size_t RELEASED_PROLOGUE_LIMIT = 1024;

// Writes scheme 1's prologue, raw in this machine's byte order and widths, and returns its length. The caller has
// asked uname(2) (into zeroed memory) and stat(2) for "." and "/".
size_t released_prologue(const utsname &system, dev_t cwd_device, ino_t cwd_inode, dev_t root_device, ino_t root_inode,
                         uint8_t (&out)[RELEASED_PROLOGUE_LIMIT]);

struct IdentityField {
  char tag;            // 'G', 'E' or 'o'
  const char *string;  // -G: the string; -E: the variable's name; an option of the server: NAME=VALUE
  const char *value;   // -E: the variable's value, null where it is not set; else ignored
};

// Scheme 2: a circumstance that decides what the script does and that a call does not carry along.
struct ContextField {
  uint8_t tag;        // one of CONTEXT_...
  const void *bytes;  // any bytes, NUL among them; at most STRING_LIMIT
  size_t length;
};

struct IdentityInput {
  // Its first byte is the scheme: 0 (that byte and nothing else), 1, or 2 (followed by CONTEXT_VERSION and nothing else).
  const uint8_t *prologue;
  size_t prologue_length;
  // Scheme 2 only (else E_SEQUENCE), in the order of their tags (else E_SEQUENCE); CONTEXT_VARIABLE as often as wanted.
  const ContextField *context;
  size_t context_count;
  const IdentityField *fields;
  size_t field_count;
  const char *interpreter;
  const char *const *interpreter_arguments;
  size_t interpreter_argument_count;
  const char *script;  // null where there is none
};

// The identity as 64 lower-case hexadecimal digits and a NUL.
Code identity(const IdentityInput &input, char (&digits)[IDENT_DIGITS + 1]);

// How many of the digits the rendezvous' name gets below a run directory whose path has this length: 64, or fewer.
// E_RUN_DIRECTORY_TOO_LONG where they would be fewer than 33.
Code ident_digits(size_t run_directory_length, size_t *digits);

// Whether a -g IDENT may be the name: E_IDENT_EMPTY, E_IDENT_SLASH, E_IDENT_TOO_LONG (for this run directory).
Code check_ident(const char *ident, size_t run_directory_length);

// ---- Wire, v1: the client's side -------------------------------------------------------------------------------

enum class Framing : int { first_design = FRAMING_FIRST_DESIGN, released = FRAMING_RELEASED };

// A request, ready to be sent in three steps:
//   1. `marker`, no descriptor (released framing: one byte; first design: empty, nothing is sent);
//   2. each of the `carriers` (three bytes) by a sendmsg(2) of its own with one descriptor: 0, 1, 2 in this order;
//   3. `rest` (length and strings), no descriptor; may be sent together in any pieces.
struct EncodedRequest {
  const uint8_t *marker;
  size_t marker_length;
  const uint8_t *carriers;
  size_t carrier_count;
  const uint8_t *rest;
  size_t rest_length;
};

// Lays a request out in the core's memory, one copy of each string; memory is touched only as far as it is used.
//   request_begin(framing); request_environment(e) for each of environ; request_argument(a) for interpreter, script,
//   arguments; request_end(&request).
// Which environment entries count (those with a '=') is decided inside: hand over all. Errors: E_REQUEST_TOO_LARGE,
// E_REQUEST_TOO_MANY_STRINGS, E_SEQUENCE (an environment entry after an argument). After an error, begin again.
Code request_begin(Framing framing);
Code request_environment(const char *entry);
Code request_argument(const char *argument);
// The pointers hold until the next request_begin().
Code request_end(EncodedRequest *request);

// Outcome of handing bytes to a decoder: code is NEED_DATA (all were taken, more are needed), E_NONE (complete;
// `taken` says how many bytes belonged to it, the others are the caller's) or an error.
struct Push {
  Code code;
  size_t taken;
};

// The server's greeting; an extension is skipped, one that is too long is E_GREETING_TOO_LARGE.
void greeting_begin();
Push greeting_push(const uint8_t *bytes, size_t length);

// The status at the end (version 1). *status is set when the code is E_NONE.
void status_begin();
Push status_push(const uint8_t *bytes, size_t length, uint32_t *status);

// ---- Wire, v2: the client's side -------------------------------------------------------------------------------

// Lays a call out in the core's memory, which requests use as well: one of both at a time, who begins ends the other.
// In this order, each at most once but for those that come in a row; stdio must come, the others may:
//   call_begin(); call_stdio(mask); call_cwd(); call_umask(m); call_nice(n); call_limit(r, s) ..; call_affinity(set, n);
//   call_script(path); call_argument(a) ..; call_environment(e) ..; call_end(&bytes, &length);
// The first sendmsg(2) carries one descriptor for each bit of the mask, then the working directory's if call_cwd() was
// called. Errors: E_SEQUENCE, E_FIELD_VALUE, E_FIELD_LENGTH (messages_subject() says which field), E_STRING_WITH_NUL,
// E_REQUEST_TOO_LARGE, E_REQUEST_TOO_MANY_STRINGS. After an error, begin again.
Code call_begin();
Code call_stdio(uint8_t mask);  // bit 0, 1, 2: descriptor 0, 1, 2 is open
Code call_cwd();                // the working directory comes as a descriptor
Code call_umask(uint32_t mask);
Code call_nice(int32_t nice);
Code call_limit(uint32_t resource, uint64_t soft);       // UINT64_MAX: none
Code call_affinity(const uint8_t *set, size_t length);  // as sched_getaffinity(2) gives it, 1 to AFFINITY_LIMIT bytes
Code call_script(const char *path);                      // as the caller gave it
Code call_argument(const char *argument);                // the script's own
Code call_traced();                                      // asks for its moments; anywhere in the order
Code call_environment(const char *entry);                // each of environ, also those without a '='
// One message. The pointer holds until the next call_begin() or request_begin().
Code call_end(const uint8_t **bytes, size_t *length);

enum class Kind : int {
  call = KIND_CALL,
  control = KIND_CONTROL,      // value: OPERATION_...
  signal = KIND_SIGNAL,        // value: the signal
  started = KIND_STARTED,      // value: the executor's process ID
  stopped = KIND_STOPPED,      // value: the signal
  continued = KIND_CONTINUED,  // no value
  ended = KIND_ENDED,          // value: the wait status
  reply = KIND_REPLY,          // value: the server's process ID
  refused = KIND_REFUSED,      // reason
  moments = KIND_MOMENTS,      // message_moment()
};

struct Message {
  Kind kind;
  uint32_t value;      // 0 where there is none
  const char *reason;  // refused: UTF-8 without NUL, until the next messages_push() or messages_begin(); else null
};

// Takes messages off a connection; there is one at a time. E_NONE: *message is set, `taken` bytes were used, push the
// rest again. NEED_DATA: all bytes were taken. Messages of unknown kinds are skipped inside. After an error: E_SEQUENCE.
void messages_begin();
Push messages_push(const uint8_t *bytes, size_t length, Message *message);
// What the last error of messages_push() or of a call_...() is about, for error_message(): the tag of a field in
// decimal, or "".
const char *messages_subject();

// The moment in this place of the message that was taken last, and its time in nanoseconds; false where there is none. Until the core
// is used for anything else.
bool message_moment(size_t place, uint32_t *moment, uint64_t *time);

// The number in a field (FIELD_...) of the message that was taken last; 0 where that has none. As long.
uint32_t message_number(int field);

// Writes a message without a value or with one number and returns its length; 0 where kind or value is none that can be
// sent (a call, refused and reply have other contents).
size_t message_encode(Kind kind, uint32_t value, uint8_t (&out)[MESSAGE_SMALL_BYTES]);

// ---- Meaning of a wait status ----------------------------------------------------------------------------------

enum class Action : int {
  exit = ACTION_EXIT,                    // exit with value
  raise = ACTION_RAISE,                  // reset action and mask of signal `value`, then kill oneself with it
  report_signal = ACTION_REPORT_SIGNAL,  // say that signal `value` ended the script (and whether core was dumped), exit 127
  report_status = ACTION_REPORT_STATUS,  // say that the status is not one of a finished process, exit 127
};

struct Meaning {
  Action action;
  int value;  // exit code or signal; 0 for report_status
  bool core;  // a core was dumped
};

enum class WaitTable : int {
  released = WAIT_TABLE_RELEASED,  // version 1
  exact = WAIT_TABLE_EXACT,        // version 2: raises whatever signal it was; `core` says whether a core was dumped
};

Meaning wait_status(WaitTable table, uint32_t status);

// ---- Preclean --------------------------------------------------------------------------------------------------

// Which rendezvous are to be removed. In this order:
//   preclean_begin(ident of this call, how many are left in peace: 1 to PRECLEAN_KEEP_LIMIT);
//   preclean_name(name) for every name in the run directory (names not beginning with l or s are passed over;
//     E_PRECLEAN_FULL: enough were seen, stop reading);
//   n = preclean_collect(): idents without their letter and without doubles. No more than are left in peace: stop;
//   preclean_last_use(i, t) for each i < n, with t the last use of preclean_ident(i) in nanoseconds since the epoch,
//     0 where there is no socket (the default);
//   m = preclean_select(): the m idents preclean_victim(0 .. m-1) are to go, oldest first, of equal age by name; behind them are those that
//     would go in their stead.
// Pointers hold until the next preclean_begin().
Code preclean_begin(const char *ident_in_use, size_t kept);
Code preclean_name(const char *directory_entry);
size_t preclean_collect();
const char *preclean_ident(size_t index);
Code preclean_last_use(size_t index, int64_t nanoseconds);
size_t preclean_select();
// Index of the victim among the idents (for preclean_ident()); SIZE_MAX where there is none.
size_t preclean_victim(size_t order);

}  // namespace prefork::core
