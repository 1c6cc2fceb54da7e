#include "sys/signal_queue.h"

#include <cerrno>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/facilities.h"

namespace prefork::addon {

namespace {

sigset_t signals_argument(Call call, size_t index, const char* function) {
  Napi::Array list = call[index].As<Napi::Array>();
  sigset_t signals;
  sigemptyset(&signals);
  for (uint32_t i = 0; i < list.Length(); i++) {
    int signal = list.Get(i).As<Napi::Number>().Int32Value();
    if (sigaddset(&signals, signal) != 0) {
      throw_system_error(call.Env(), errno, function, "signal " + std::to_string(signal));
    }
  }
  return signals;
}

Napi::Value block_signals(Call call) {
  sigset_t signals = signals_argument(call, 0, "pthread_sigmask");
  if (sys::block_signals(&signals) < 0) throw_system_error(call.Env(), errno, "pthread_sigmask", "this thread");
  return call.Env().Undefined();
}

Napi::Value open_signals(Call call) {
  sigset_t signals = signals_argument(call, 0, "signalfd");
  int fd = sys::open_signals(&signals);
  if (fd < 0) throw_system_error(call.Env(), errno, "signalfd", "a new descriptor");
  return number(call, fd);
}

Napi::Value read_signals(Call call) {
  int fd = int_argument(call, 0);
  int numbers[sys::SIGNALS_PER_READ];
  int count = sys::read_signals(fd, numbers);
  if (count < 0) throw_system_error(call.Env(), errno, "read", descriptor_subject(fd));
  Napi::Array list = Napi::Array::New(call.Env(), static_cast<size_t>(count));
  for (int i = 0; i < count; i++) list.Set(static_cast<uint32_t>(i), number(call, numbers[i]));
  return list;
}

}  // namespace

void export_signal_queue(Napi::Env env, Napi::Object exports) {
  export_function<block_signals>(env, exports, "blockSignals");
  export_function<open_signals>(env, exports, "openSignals");
  export_function<read_signals>(env, exports, "readSignals");
}

}  // namespace prefork::addon
