// The selection of rendezvous that are to be removed.
#include <string.h>

#include "core.h"
#include "instance.h"

namespace prefork::core {
namespace {

uint32_t input(const char *string) { return put_input(string, strlen(string)); }

}  // namespace

Code preclean_begin(const char *ident_in_use, size_t kept) {
  const auto bounded = static_cast<uint32_t>(kept > PRECLEAN_KEEP_LIMIT ? 0 : kept);
  return static_cast<Code>(w2c_core_preclean_begin(instance(), input(ident_in_use), bounded));
}

Code preclean_name(const char *directory_entry) {
  return static_cast<Code>(w2c_core_preclean_name(instance(), input(directory_entry)));
}

size_t preclean_collect() { return w2c_core_preclean_collect(instance()); }

const char *preclean_ident(size_t index) {
  return text_at(w2c_core_preclean_ident(instance(), static_cast<uint32_t>(index)));
}

Code preclean_last_use(size_t index, int64_t nanoseconds) {
  return static_cast<Code>(
      w2c_core_preclean_last_use(instance(), static_cast<uint32_t>(index), static_cast<uint64_t>(nanoseconds)));
}

size_t preclean_select() { return w2c_core_preclean_select(instance()); }

size_t preclean_victim(size_t order) {
  const auto place = static_cast<int32_t>(w2c_core_preclean_victim(instance(), static_cast<uint32_t>(order)));
  return place < 0 ? SIZE_MAX : static_cast<size_t>(place);
}

}  // namespace prefork::core
