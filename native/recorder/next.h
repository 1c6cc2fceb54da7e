// Standing in front of functions of the C library.
#pragma once

#include <dlfcn.h>

namespace prefork::recorder {

// The function of this name that would be there without this library: the C library's, or that of another library which the user has
// preloaded. Found at the first call, which may come before this library is initialised, and by several threads at once.
template <typename Function>
Function next(Function *kept, const char *name) {
  Function found = __atomic_load_n(kept, __ATOMIC_ACQUIRE);
  if (found != nullptr) return found;
  found = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
  __atomic_store_n(kept, found, __ATOMIC_RELEASE);
  return found;
}

}  // namespace prefork::recorder

// Begins the definition of a function that stands in front of the one that is called `name`, as what `next_NAME` gives.
//
// The parameters are given as they are passed, and the name to the assembler alone: so the C library's own declarations, with `...` and with
// attributes that say what may not be null, do not come in the way.
#define INTERPOSE(result, name, ...)                                                                           \
  extern "C" __attribute__((visibility("default"))) result recorder_##name(__VA_ARGS__) __asm__(#name);        \
  static auto next_##name() {                                                                                  \
    static result (*kept)(__VA_ARGS__) = nullptr;                                                              \
    return next(&kept, #name);                                                                                 \
  }                                                                                                            \
  result recorder_##name(__VA_ARGS__)
