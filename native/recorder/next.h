// Standing in front of functions of the C library.
#pragma once

#include <dlfcn.h>

namespace prefork::recorder {

// The function of this name that would be there without this library: the C library's, or that of another library which the user has
// preloaded; else that of the other name, if any. Found when this library is initialised, since dlsym(3) takes locks and the function may be called in
// a handler of a signal; or at a call that comes before that.
template <typename Function>
Function next(Function *kept, const char *name, const char *other = nullptr) {
  Function found = __atomic_load_n(kept, __ATOMIC_ACQUIRE);
  if (found != nullptr) return found;
  found = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
  if (found == nullptr && other != nullptr) found = reinterpret_cast<Function>(dlsym(RTLD_NEXT, other));
  __atomic_store_n(kept, found, __ATOMIC_RELEASE);
  return found;
}

}  // namespace prefork::recorder

// Begins the definition of a function that stands in front of the one that is called `name`, as what `next_NAME` gives.
//
// The parameters are given as they are passed, and the name to the assembler alone: so the C library's own declarations, with `...` and with
// attributes that say what may not be null, do not come in the way.
#define INTERPOSE(result, name, ...) INTERPOSE_OR(result, name, nullptr, __VA_ARGS__)

// The same for `name64`. A musl since 1.2.4 has these for programs alone that are already linked (dlsym(3) does not find them), and the others
// do the same there.
#define INTERPOSE64(result, name, ...) INTERPOSE_OR(result, name##64, #name, __VA_ARGS__)

#define INTERPOSE_OR(result, name, other, ...)                                                          \
  extern "C" __attribute__((visibility("default"))) result recorder_##name(__VA_ARGS__) __asm__(#name); \
  static auto next_##name() {                                                                           \
    static result (*kept)(__VA_ARGS__) = nullptr;                                                       \
    return next(&kept, #name, other);                                                                   \
  }                                                                                                     \
  __attribute__((constructor)) static void find_##name() { next_##name(); }                             \
  result recorder_##name(__VA_ARGS__)
