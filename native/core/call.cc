// Calls of version 2 out.
#include <string.h>

#include "core.h"
#include "instance.h"

namespace prefork::core {
namespace {

Code as_code(u32 code) { return static_cast<Code>(code); }

Code number(int tag, uint32_t value) {
  return as_code(w2c_core_call_number(instance(), static_cast<uint32_t>(tag), value));
}

Code bytes(int tag, const void *bytes, size_t length) {
  const uint32_t put = put_input(bytes, length);
  return as_code(w2c_core_call_bytes(instance(), static_cast<uint32_t>(tag), put));
}

// Puts a string where the core wants the next one of this row.
Code string(int field, const char *string) {
  const uint32_t tag = static_cast<uint32_t>(field);
  const int32_t room = static_cast<int32_t>(w2c_core_call_room(instance(), tag));
  const uint32_t length = put(w2c_core_call_space(instance(), tag), room, string, strlen(string));
  return as_code(w2c_core_call_string(instance(), tag, length));
}

}  // namespace

Code call_begin() {
  w2c_core_call_begin(instance());
  return E_NONE;
}

Code call_stdio(uint8_t mask) { return number(FIELD_STDIO, mask); }

Code call_cwd() { return as_code(w2c_core_call_cwd(instance())); }

Code call_traced() { return as_code(w2c_core_call_traced(instance())); }

Code call_umask(uint32_t mask) { return number(FIELD_UMASK, mask); }

Code call_nice(int32_t nice) { return number(FIELD_NICE, static_cast<uint32_t>(nice)); }

Code call_limit(uint32_t resource, uint64_t soft) { return as_code(w2c_core_call_limit(instance(), resource, soft)); }

Code call_affinity(const uint8_t *set, size_t length) { return bytes(FIELD_AFFINITY, set, length); }

Code call_script(const char *path) { return bytes(FIELD_SCRIPT, path, strlen(path)); }

Code call_argument(const char *argument) { return string(FIELD_ARGUMENTS, argument); }

Code call_environment(const char *entry) { return string(FIELD_ENVIRONMENT, entry); }

Code call_end(const uint8_t **bytes, size_t *length) {
  const Code code = as_code(w2c_core_call_end(instance()));
  if (code != E_NONE) return code;
  *bytes = bytes_at(w2c_core_call_address(instance()));
  *length = w2c_core_call_length(instance());
  return E_NONE;
}

}  // namespace prefork::core
