// What the addon is to JavaScript: one function, which takes the classes of errors and gives all the others.
#include <napi.h>

#include "addon/errors.h"
#include "addon/facilities.h"

namespace prefork::addon {

namespace {

Napi::Value initialise(const Napi::CallbackInfo& call) {
  Napi::Env env = call.Env();
  remember_error_classes(env, call[0].As<Napi::Function>(), call[1].As<Napi::Function>());
  Napi::Object functions = Napi::Object::New(env);
  export_sockets(env, functions);
  export_descriptors(env, functions);
  export_processes(env, functions);
  export_signals(env, functions);
  export_signal_queue(env, functions);
  export_resources(env, functions);
  export_watch(env, functions);
  export_process_image(env, functions);
  export_shared_memory(env, functions);
  export_recording(env, functions);
  export_fork(env, functions);
  return functions;
}

Napi::Object load(Napi::Env env, Napi::Object exports) {
  exports.Set("initialise", Napi::Function::New<initialise>(env, "initialise"));
  return exports;
}

}  // namespace

NODE_API_MODULE(prefork_interp, load)

}  // namespace prefork::addon
