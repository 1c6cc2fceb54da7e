#include "sys/watch.h"

#include <cerrno>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/facilities.h"

namespace prefork::addon {

namespace {

// For one reading of events: whom to tell.
struct Listener {
  Napi::Env env;
  Napi::Function seen;
};

Napi::Value open_watch(Call call) {
  int watch = sys::open_watch();
  if (watch < 0) throw_system_error(call.Env(), errno, "inotify_init1", "a new descriptor");
  return number(call, watch);
}

Napi::Value add_watch(Call call) {
  std::string path = text_argument(call, 1);
  int added = sys::add_watch(int_argument(call, 0), path.c_str(), call[2].As<Napi::Number>().Uint32Value());
  if (added < 0) throw_system_error(call.Env(), errno, "inotify_add_watch", path);
  return number(call, added);
}

void tell(const sys::WatchEvent& event, void* context) {
  const auto* listener = static_cast<const Listener*>(context);
  Napi::Env env = listener->env;
  // Of up to a few hundred events in one buffer each needs its values only for as long as it is told.
  Napi::HandleScope scope(env);
  listener->seen.Call({Napi::Number::New(env, event.number), Napi::Number::New(env, event.events),
                       Napi::String::New(env, event.name)});
}

Napi::Value read_watch(Call call) {
  int watch = int_argument(call, 0);
  Listener listener{call.Env(), call[1].As<Napi::Function>()};
  int count = sys::read_events(watch, tell, &listener);
  if (count < 0) throw_system_error(call.Env(), errno, "read", descriptor_subject(watch));
  return number(call, count);
}

}  // namespace

void export_watch(Napi::Env env, Napi::Object exports) {
  export_function<open_watch>(env, exports, "openWatch");
  export_function<add_watch>(env, exports, "addWatch");
  export_function<read_watch>(env, exports, "readWatch");
}

}  // namespace prefork::addon
