#include "instance.h"

#include <string.h>

#include "generated/constants.h"

namespace prefork::core {

w2c_core the_core;
bool core_has_begun = false;

void begin_core() {
  wasm2c_core_instantiate(&the_core);
  core_has_begun = true;
}

uint32_t put(uint32_t address, int32_t room, const void *bytes, size_t length) {
  if (length > 0 && room > 0 && length <= static_cast<size_t>(room)) memcpy(bytes_at(address), bytes, length);
  // The core's integers are signed and no length of its own is near their end.
  return length > INT32_MAX ? INT32_MAX : static_cast<uint32_t>(length);
}

uint32_t put_input(const void *bytes, size_t length) {
  return put(w2c_core_input(instance()), STRING_LIMIT, bytes, length);
}

}  // namespace prefork::core
