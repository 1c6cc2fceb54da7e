// The one instance of the translated core, for the files of this directory only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "generated/core.h"  // wasm2c's, not the core.h beside this file

namespace prefork::core {

// Where the core lives, and whether it has begun.
extern w2c_core the_core;
extern bool core_has_begun;
void begin_core();

inline w2c_core *instance() {
  if (!core_has_begun) begin_core();
  return &the_core;
}

// An address of the core's as a pointer.
inline uint8_t *bytes_at(uint32_t address) { return core_memory + address; }
inline char *text_at(uint32_t address) { return reinterpret_cast<char *>(bytes_at(address)); }

// Copies bytes to where the core wants them, if they fit, and returns their length as the core takes it. Bytes that do not
// fit stay where they are: the core is told the length all the same, and it is the core that says what is wrong.
uint32_t put(uint32_t address, int32_t room, const void *bytes, size_t length);

// The same for the core's one input.
uint32_t put_input(const void *bytes, size_t length);

}  // namespace prefork::core
