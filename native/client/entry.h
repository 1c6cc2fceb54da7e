// Entries of environ(7).
#pragma once

#include <string.h>

namespace prefork::client {

// Whether an entry `NAME=value` has this name.
inline bool is_named(const char *entry, const char *name) {
  const size_t length = strlen(name);
  return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

}  // namespace prefork::client
