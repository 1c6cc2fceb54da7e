// Memory that a process shares with all that are forked from it, as a Uint8Array.
#include <sys/mman.h>

#include <cerrno>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/facilities.h"

namespace prefork::addon {

namespace {

// Never given back: a fork may use it when nobody here does any more.
Napi::Value shared_memory(Call call) {
  const auto size = static_cast<size_t>(int_argument(call, 0));
  void* place = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) throw_system_error(call.Env(), errno, "mmap", std::to_string(size) + " bytes to share");
  return Napi::Uint8Array::New(call.Env(), size, Napi::ArrayBuffer::New(call.Env(), place, size), 0);
}

}  // namespace

void export_shared_memory(Napi::Env env, Napi::Object exports) {
  export_function<shared_memory>(env, exports, "sharedMemory");
}

}  // namespace prefork::addon
