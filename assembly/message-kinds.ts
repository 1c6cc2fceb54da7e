/** The kinds of message: which fields each has, and what a header says. Sets of fields are integers, a bit for each tag. */
import {
  CALL_BODY_LIMIT,
  E_MESSAGE_KIND,
  E_MESSAGE_TOO_LARGE,
  E_MESSAGE_VERSION,
  FIELD_AFFINITY,
  FIELD_ARGUMENTS,
  FIELD_CALLS,
  FIELD_CWD,
  FIELD_ENVIRONMENT,
  FIELD_IDLE,
  FIELD_LIMITS,
  FIELD_MOMENTS,
  FIELD_NICE,
  FIELD_OPERATION,
  FIELD_PID,
  FIELD_REASON,
  FIELD_RUNNING,
  FIELD_SCRIPT,
  FIELD_SIGNAL,
  FIELD_SPARES,
  FIELD_STATUS,
  FIELD_STDIO,
  FIELD_UMASK,
  FIELD_UPTIME,
  FIELD_WAITING,
  KIND_CALL,
  KIND_CONTINUED,
  KIND_CONTROL,
  KIND_ENDED,
  KIND_MOMENTS,
  KIND_REFUSED,
  KIND_REPLY,
  KIND_SIGNAL,
  KIND_STARTED,
  KIND_STOPPED,
  MESSAGE_BODY_LIMIT,
  MESSAGE_VERSION,
} from './constants';
import { input, outside } from './strings';

const CALL_REQUIRED: i32 = (1 << FIELD_STDIO) | (1 << FIELD_ARGUMENTS) | (1 << FIELD_ENVIRONMENT);
const CALL_OPTIONAL: i32 =
  (1 << FIELD_CWD) |
  (1 << FIELD_UMASK) |
  (1 << FIELD_NICE) |
  (1 << FIELD_LIMITS) |
  (1 << FIELD_AFFINITY) |
  (1 << FIELD_SCRIPT);
const REPLY_OPTIONAL: i32 =
  (1 << FIELD_RUNNING) |
  (1 << FIELD_WAITING) |
  (1 << FIELD_SPARES) |
  (1 << FIELD_CALLS) |
  (1 << FIELD_UPTIME) |
  (1 << FIELD_IDLE) |
  (1 << FIELD_SCRIPT) |
  (1 << FIELD_REASON);

export function isKnown(kind: i32): bool {
  return kind === KIND_CALL || kind === KIND_CONTINUED || requiredFields(kind) !== 0;
}

/** The field that holds the one number of a message, or a reply's first; 0 where there is none. */
export function numberField(kind: i32): i32 {
  if (kind === KIND_CONTROL) return FIELD_OPERATION;
  if (kind === KIND_SIGNAL || kind === KIND_STOPPED) return FIELD_SIGNAL;
  if (kind === KIND_STARTED || kind === KIND_REPLY) return FIELD_PID;
  return kind === KIND_ENDED ? FIELD_STATUS : 0;
}

/** Fields without which a message of this kind is wrong. */
export function requiredFields(kind: i32): i32 {
  if (kind === KIND_CALL) return CALL_REQUIRED;
  if (kind === KIND_REFUSED) return 1 << FIELD_REASON;
  if (kind === KIND_MOMENTS) return 1 << FIELD_MOMENTS;
  const field = numberField(kind);
  return field === 0 ? 0 : 1 << field;
}

/** All fields of this kind; what else is in a message of it is skipped, as it may be another version's. */
export function knownFields(kind: i32): i32 {
  const optional = kind === KIND_CALL ? CALL_OPTIONAL : kind === KIND_REPLY ? REPLY_OPTIONAL : 0;
  return requiredFields(kind) | optional;
}

/** How long the body of the message is whose header is at this address; the negative of an error's code where it is wrong. */
export function judgeHeader(header: i32): i32 {
  if (load<u8>(header + 1) !== MESSAGE_VERSION) return -E_MESSAGE_VERSION;
  const length: i32 = bswap<u32>(load<u32>(header + 4));
  const limit = load<u8>(header) === KIND_CALL ? CALL_BODY_LIMIT : MESSAGE_BODY_LIMIT;
  return outside(length, limit) ? -E_MESSAGE_TOO_LARGE : length;
}

/** The same of a header that is the input, and is a first message's: it has to be of a kind that is known. */
export function message_header(): i32 {
  const length = judgeHeader(input());
  if (length === -E_MESSAGE_VERSION) return length;
  return isKnown(load<u8>(input())) ? length : -E_MESSAGE_KIND;
}
