// What the recorder has seen, where the client has started this process with it (native/recorder).
#include "recorder/recorder.h"

#include <dlfcn.h>
#include <string.h>

#include "addon/arguments.h"
#include "addon/facilities.h"

namespace prefork::addon {

namespace {

const recorder::Recorder* find_recorder() {
  const auto* found = static_cast<const recorder::Recorder*>(::dlsym(RTLD_DEFAULT, PREFORK_RECORDER));
  return found != nullptr && found->version == recorder::VERSION ? found : nullptr;
}

// A string says why there is nothing.
Napi::Value end_recording(Call call) {
  const recorder::Recorder* recorder = find_recorder();
  if (recorder == nullptr) return Napi::String::New(call.Env(), "absent");
  size_t length = 0;
  const unsigned char* records = recorder->end(&length);
  Napi::Value copy = Napi::String::New(call.Env(), "full");
  if (records != nullptr) {
    Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(call.Env(), length);
    if (length > 0) memcpy(buffer.Data(), records, length);
    copy = buffer;
  }
  recorder->forget();
  return copy;
}

}  // namespace

void export_recording(Napi::Env env, Napi::Object exports) {
  export_function<end_recording>(env, exports, "endRecording");
}

}  // namespace prefork::addon
