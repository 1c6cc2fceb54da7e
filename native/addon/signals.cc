#include <cerrno>
#include <csignal>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/facilities.h"
#include "sys/process.h"

namespace prefork::addon {

namespace {

// What Node ignores from its start (node.cc, ResetSignalHandlers), so that a write to a closed pipe or over a limit is
// an error to handle.
constexpr int kIgnoredByNode[] = {SIGPIPE, SIGXFSZ};
constexpr size_t kIgnoredByNodeCount = sizeof kIgnoredByNode / sizeof kIgnoredByNode[0];
constexpr int kFirstRealTimeSignal = 32;

struct sigaction aside[kFirstRealTimeSignal];
bool is_aside[kFirstRealTimeSignal];

// libuv's handlers, those of process.on(), take the number alone and restart system calls. Those that Node and V8 need
// whatever the script does do not restart them (SIGINT, SIGTERM, the debugger's SIGUSR1) or take siginfo (wasm's memory
// faults, the profiler).
bool is_of_the_script(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && (action.sa_flags & SA_RESTART) != 0 && action.sa_handler != SIG_DFL &&
         action.sa_handler != SIG_IGN;
}

Napi::Value send_signal(Call call) {
  int pid = int_argument(call, 0);
  if (sys::send_signal(pid, int_argument(call, 1)) < 0) {
    throw_system_error(call.Env(), errno, "kill",
                       pid < 0 ? "process group " + std::to_string(-pid) : "process " + std::to_string(pid));
  }
  return call.Env().Undefined();
}

Napi::Value set_parent_death_signal(Call call) {
  int signal = int_argument(call, 0);
  if (sys::set_parent_death_signal(signal) < 0) {
    throw_system_error(call.Env(), errno, "prctl PR_SET_PDEATHSIG", "signal " + std::to_string(signal));
  }
  return call.Env().Undefined();
}

Napi::Value reset_signals(Call call) {
  sys::default_ignored_signals(kIgnoredByNode, kIgnoredByNodeCount);
  if (sys::unblock_signals() < 0) throw_system_error(call.Env(), errno, "sigprocmask", "no signal");
  return call.Env().Undefined();
}

Napi::Value set_aside_signal_handlers(Call call) {
  for (int signal = 1; signal < kFirstRealTimeSignal; signal++) {
    struct sigaction action {};
    if (is_aside[signal] || sigaction(signal, nullptr, &action) != 0 || !is_of_the_script(action)) continue;
    aside[signal] = action;
    is_aside[signal] = true;
    std::signal(signal, SIG_DFL);
  }
  return call.Env().Undefined();
}

Napi::Value put_back_signal_handlers(Call call) {
  for (int signal = 1; signal < kFirstRealTimeSignal; signal++) {
    if (!is_aside[signal]) continue;
    is_aside[signal] = false;
    sigaction(signal, &aside[signal], nullptr);
  }
  return call.Env().Undefined();
}

}  // namespace

void export_signals(Napi::Env env, Napi::Object exports) {
  export_function<send_signal>(env, exports, "sendSignal");
  export_function<set_parent_death_signal>(env, exports, "setParentDeathSignal");
  export_function<reset_signals>(env, exports, "resetSignals");
  export_function<set_aside_signal_handlers>(env, exports, "setAsideSignalHandlers");
  export_function<put_back_signal_handlers>(env, exports, "putBackSignalHandlers");
}

}  // namespace prefork::addon
