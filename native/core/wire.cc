// Requests out, greeting and status in, and what a wait status means.
#include <string.h>

#include "core.h"
#include "instance.h"

namespace prefork::core {
namespace {

// Puts a string where the core wants the next one of a request.
uint32_t put_string(const char *string) {
  const int32_t room = static_cast<int32_t>(w2c_core_request_room(instance()));
  return put(w2c_core_request_string(instance()), room, string, strlen(string));
}

// Hands bytes to one of the small decoders, in pieces that its input can hold.
Push push(const uint8_t *bytes, size_t length, u32 (*decode)(w2c_core *, u32)) {
  Push result{NEED_DATA, 0};
  do {
    const size_t left = length - result.taken;
    const size_t piece = left < STRING_LIMIT ? left : STRING_LIMIT;
    result.code = static_cast<Code>(decode(instance(), put_input(bytes + result.taken, piece)));
    result.taken += w2c_core_wire_taken(instance());
  } while (result.code == NEED_DATA && result.taken < length);
  return result;
}

}  // namespace

Code request_begin(Framing framing) {
  return static_cast<Code>(w2c_core_request_begin(instance(), static_cast<uint32_t>(framing)));
}

Code request_environment(const char *entry) {
  return static_cast<Code>(w2c_core_request_environment(instance(), put_string(entry)));
}

Code request_argument(const char *argument) {
  return static_cast<Code>(w2c_core_request_argument(instance(), put_string(argument)));
}

Code request_end(EncodedRequest *request) {
  const Code code = static_cast<Code>(w2c_core_request_end(instance()));
  if (code != E_NONE) return code;
  const uint8_t *bytes = bytes_at(w2c_core_request_bytes(instance()));
  request->marker = bytes;
  request->marker_length = w2c_core_request_marker_length(instance());
  request->carriers = bytes + request->marker_length;
  request->carrier_count = REQUEST_DESCRIPTORS;
  request->rest = request->carriers + request->carrier_count;
  request->rest_length = w2c_core_request_length(instance()) - request->marker_length - request->carrier_count;
  return E_NONE;
}

void greeting_begin() { w2c_core_greeting_begin(instance()); }

Push greeting_push(const uint8_t *bytes, size_t length) { return push(bytes, length, w2c_core_greeting_push); }

void status_begin() { w2c_core_status_begin(instance()); }

Push status_push(const uint8_t *bytes, size_t length, uint32_t *status) {
  const Push result = push(bytes, length, w2c_core_status_push);
  if (result.code == E_NONE) *status = w2c_core_status_value(instance());
  return result;
}

Meaning wait_status(WaitTable table, uint32_t status) {
  const uint32_t packed = w2c_core_wait_status(instance(), static_cast<uint32_t>(table), status);
  return {static_cast<Action>(packed >> MEANING_ACTION_SHIFT), static_cast<int>(packed & MEANING_VALUE_MASK),
          (packed & MEANING_CORE) != 0};
}

}  // namespace prefork::core
