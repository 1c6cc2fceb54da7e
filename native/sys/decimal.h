// Numbers as text, without printf(3), which would double the client's size.
#pragma once

#include <stddef.h>

namespace prefork::sys {

// The most digits that a number has.
inline constexpr size_t DECIMAL_DIGITS = 20;

// Writes the digits of a number in front of `end`, and returns where they begin.
inline char *write_decimal(unsigned long long value, char *end) {
  do {
    *--end = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  return end;
}

}  // namespace prefork::sys
