// Entries of environ(7).
#pragma once

namespace prefork::client {

// What comes behind these first bytes of an entry, or null where it begins with others. Nearly always it is the first byte that
// tells: calls of strlen(3) and strncmp(3) for each entry and each name that it could have would take longer.
inline const char *behind(const char *entry, const char *beginning) {
  for (; *beginning != 0; entry++, beginning++) {
    if (*entry != *beginning) return nullptr;
  }
  return entry;
}

// Whether an entry `NAME=value` has this name.
inline bool is_named(const char *entry, const char *name) {
  const char *value = behind(entry, name);
  return value != nullptr && *value == '=';
}

}  // namespace prefork::client
