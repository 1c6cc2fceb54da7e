// Messages of version 2, but for the call: in and out.
#include <string.h>

#include "core.h"
#include "instance.h"
#include "sparse.h"

namespace prefork::core {
namespace {

// What has come of a message that is not whole yet, and how much of it has to be there before it is worth asking the core.
SPARSE uint8_t held[MESSAGE_HEADER_BYTES + MESSAGE_BODY_LIMIT];
size_t held_length = 0;
size_t wanted_length = MESSAGE_HEADER_BYTES;
bool is_usable = false;

// The reason of the refusal last taken: the core's input, where it came, is everybody's.
SPARSE char reason[REASON_LIMIT + 1];

void begin_message() {
  held_length = 0;
  wanted_length = MESSAGE_HEADER_BYTES;
}

uint32_t number_of(Kind kind) {
  switch (kind) {
    case Kind::control:
      return w2c_core_message_number(instance(), FIELD_OPERATION);
    case Kind::signal:
    case Kind::stopped:
      return w2c_core_message_number(instance(), FIELD_SIGNAL);
    case Kind::started:
    case Kind::reply:
      return w2c_core_message_number(instance(), FIELD_PID);
    case Kind::ended:
      return w2c_core_message_number(instance(), FIELD_STATUS);
    case Kind::call:
    case Kind::continued:
    case Kind::refused:
    case Kind::moments:
      break;
  }
  return 0;
}

// Copies the reason; the core has made sure that it fits.
const char *take_reason() {
  const size_t length = w2c_core_message_field_length(instance(), FIELD_REASON);
  memcpy(reason, bytes_at(w2c_core_message_field(instance(), FIELD_REASON)), length);
  reason[length] = '\0';
  return reason;
}

// Asks the core about what is held: E_NONE also for a message that is to be skipped, and then *message is not set.
Code take(Message *message, bool *is_known) {
  const uint32_t length = put_input(held, held_length);
  const Code code = static_cast<Code>(w2c_core_message_take(instance(), 0, length));
  if (code == NEED_DATA) {
    wanted_length = w2c_core_message_wanted(instance());
    return NEED_DATA;
  }
  begin_message();
  const uint32_t kind = w2c_core_message_kind(instance());
  *is_known = code == E_NONE && kind != 0;
  if (*is_known) {
    message->kind = static_cast<Kind>(kind);
    message->value = number_of(message->kind);
    message->reason = message->kind == Kind::refused ? take_reason() : nullptr;
  }
  return code;
}

}  // namespace

void messages_begin() {
  begin_message();
  is_usable = true;
}

Push messages_push(const uint8_t *bytes, size_t length, Message *message) {
  if (!is_usable) return {E_SEQUENCE, 0};
  size_t taken = 0;
  while (taken < length) {
    const size_t left = length - taken;
    const size_t missing = wanted_length - held_length;
    const size_t piece = left < missing ? left : missing;
    memcpy(held + held_length, bytes + taken, piece);
    held_length += piece;
    taken += piece;
    if (held_length < wanted_length) break;
    bool is_known = false;
    const Code code = take(message, &is_known);
    if (code == NEED_DATA || (code == E_NONE && !is_known)) continue;
    is_usable = code == E_NONE;
    return {code, taken};
  }
  return {NEED_DATA, taken};
}

const char *messages_subject() { return text_at(w2c_core_message_subject(instance())); }

bool message_moment(size_t place, uint32_t *moment, uint64_t *time) {
  if (place >= w2c_core_message_moment_count(instance())) return false;
  const auto at = static_cast<uint32_t>(place);
  *moment = w2c_core_message_moment(instance(), at);
  *time = w2c_core_message_moment_time(instance(), at);
  return true;
}

uint32_t message_number(int field) { return w2c_core_message_number(instance(), static_cast<uint32_t>(field)); }

size_t message_encode(Kind kind, uint32_t value, uint8_t (&out)[MESSAGE_SMALL_BYTES]) {
  const size_t length = w2c_core_message_encode(instance(), static_cast<uint32_t>(kind), value);
  memcpy(out, bytes_at(w2c_core_message_bytes(instance())), length);
  return length;
}

}  // namespace prefork::core
