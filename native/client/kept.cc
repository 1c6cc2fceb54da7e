#include "client/kept.h"

#include <string.h>

#include "core/sparse.h"

namespace prefork::client {

namespace {

// A call keeps eight pieces at most: three paths of the interpreter's, the run directory, the script, a security label; the script again
// for setup, and the interpreter again to run it directly.
SPARSE char kept[8 * ROOM];
size_t used = 0;

}  // namespace

Room &room() {
  // A defect, and nothing that a caller could bring about.
  if (sizeof(kept) - used < ROOM) __builtin_trap();
  return *reinterpret_cast<Room *>(kept + used);
}

const void *keep_bytes(size_t count) {
  const char *piece = kept + used;
  used += count;
  return piece;
}

const char *keep_string() { return static_cast<const char *>(keep_bytes(strlen(kept + used) + 1)); }

}  // namespace prefork::client
