// What a process shows of how it was started: its environment and its command line.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "addon/arguments.h"
#include "addon/command_line.h"
#include "addon/errors.h"
#include "addon/facilities.h"

namespace prefork::addon {

namespace {

// Both in one block, which this process keeps: getenv(3) gives out pointers into it, and libuv and V8 keep some.
Napi::Value replace_environment(Call call) {
  Napi::Uint8Array entries = bytes_argument(call, 0);
  const auto* bytes = reinterpret_cast<const char*>(entries.Data());
  size_t size = entries.ByteLength();
  size_t count = 0;
  for (size_t i = 0; i < size; i++) count += bytes[i] == '\0' ? 1 : 0;
  auto** list = static_cast<char**>(malloc((count + 1) * sizeof(char*) + size));
  if (list == nullptr) throw_system_error(call.Env(), ENOMEM, "malloc", std::to_string(size) + " bytes of environment");
  auto* text = reinterpret_cast<char*>(list + count + 1);
  if (size > 0) memcpy(text, bytes, size);
  for (size_t i = 0; i < count; i++) {
    list[i] = text;
    text += strlen(text) + 1;
  }
  list[count] = nullptr;
  environ = list;
  return call.Env().Undefined();
}

Napi::Value set_command_line(Call call) {
  Napi::Uint8Array line = bytes_argument(call, 0);
  if (addon::set_command_line(reinterpret_cast<const char*>(line.Data()), line.ByteLength(), bool_argument(call, 1)) < 0) {
    throw_system_error(call.Env(), errno, "prctl PR_SET_MM_MAP", "the command line");
  }
  return call.Env().Undefined();
}

}  // namespace

void export_process_image(Napi::Env env, Napi::Object exports) {
  export_function<replace_environment>(env, exports, "replaceEnvironment");
  export_function<set_command_line>(env, exports, "setCommandLine");
}

}  // namespace prefork::addon
