// Numbers in decimal digits, as /proc, command lines and messages have them: without printf(3) and strtoull(3), which would make the client
// much larger.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace prefork::sys {

// The most digits that a number has.
inline constexpr size_t DECIMAL_DIGITS = 20;

// Reads a number and returns what is behind its last digit: `text` itself where it begins with none.
inline const char *read_decimal(const char *text, uint64_t *number) {
  *number = 0;
  for (; *text >= '0' && *text <= '9'; text++) *number = *number * 10 + static_cast<uint64_t>(*text - '0');
  return text;
}

// Writes the digits of a number in front of `end`, and returns where they begin.
inline char *write_decimal(uint64_t value, char *end) {
  do {
    *--end = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return end;
}

}  // namespace prefork::sys
