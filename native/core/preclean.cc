// The selection of rendezvous that are to be removed.
#include <string.h>

#include "core.h"
#include "instance.h"

namespace prefork::core {
namespace {

Code with_input(const char *string, u32 (*function)(w2c_core *, u32)) {
  return static_cast<Code>(function(instance(), put_input(string, strlen(string))));
}

}  // namespace

Code preclean_begin(const char *ident_in_use) { return with_input(ident_in_use, w2c_core_preclean_begin); }

Code preclean_name(const char *directory_entry) { return with_input(directory_entry, w2c_core_preclean_name); }

size_t preclean_collect() { return w2c_core_preclean_collect(instance()); }

const char *preclean_ident(size_t index) {
  return text_at(w2c_core_preclean_ident(instance(), static_cast<uint32_t>(index)));
}

Code preclean_last_use(size_t index, int64_t nanoseconds) {
  return static_cast<Code>(
      w2c_core_preclean_last_use(instance(), static_cast<uint32_t>(index), static_cast<uint64_t>(nanoseconds)));
}

size_t preclean_select() { return w2c_core_preclean_select(instance()); }

size_t preclean_victim(size_t order) { return w2c_core_preclean_victim(instance(), static_cast<uint32_t>(order)); }

}  // namespace prefork::core
