// Numbers in decimal digits, as /proc and command lines have them.
#pragma once

#include <stdint.h>

namespace prefork::sys {

// Reads one and returns what is behind its last digit: `text` itself where it begins with none. Not strtoull(3), which knows signs and bases, and
// is 2 kB of a program that needs neither.
inline const char *read_decimal(const char *text, uint64_t *number) {
  *number = 0;
  for (; *text >= '0' && *text <= '9'; text++) *number = *number * 10 + static_cast<uint64_t>(*text - '0');
  return text;
}

}  // namespace prefork::sys
