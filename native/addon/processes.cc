#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/facilities.h"
#include "sys/process.h"

namespace prefork::addon {

namespace {

std::string process_subject(int pid) {
  if (pid < -1) return "process group " + std::to_string(-pid);
  return pid == -1 ? "any child" : "process " + std::to_string(pid);
}

Napi::Value wait(Call call) {
  int pid = int_argument(call, 0);
  int status = 0;
  pid_t ended = sys::wait_for(pid, &status, bool_argument(call, 1) ? WNOHANG : 0);
  if (ended < 0) throw_system_error(call.Env(), errno, "wait4", process_subject(pid));
  if (ended == 0) return call.Env().Null();
  Napi::Object result = Napi::Object::New(call.Env());
  result.Set("pid", number(call, ended));
  result.Set("status", number(call, status));
  return result;
}

Napi::Value wait_change(Call call) {
  int pid = int_argument(call, 0);
  sys::Change change;
  int signal = 0;
  if (sys::take_change(pid, &change, &signal) < 0) {
    throw_system_error(call.Env(), errno, "waitid", process_subject(pid));
  }
  if (change == sys::Change::none) return call.Env().Null();
  Napi::Object result = Napi::Object::New(call.Env());
  bool stopped = change == sys::Change::stopped;
  result.Set("kind", Napi::String::New(call.Env(), stopped ? "stopped" : "continued"));
  if (stopped) result.Set("signal", number(call, signal));
  return result;
}

Napi::Value open_process(Call call) {
  int pid = int_argument(call, 0);
  int fd = sys::open_process(pid);
  if (fd < 0) throw_system_error(call.Env(), errno, "pidfd_open", process_subject(pid));
  return number(call, fd);
}

Napi::Value set_process_group(Call call) {
  int pid = int_argument(call, 0);
  if (sys::set_process_group(pid, int_argument(call, 1)) < 0) {
    throw_system_error(call.Env(), errno, "setpgid", process_subject(pid));
  }
  return call.Env().Undefined();
}

Napi::Value set_session(Call call) {
  if (sys::set_session() < 0) throw_system_error(call.Env(), errno, "setsid", process_subject(getpid()));
  return call.Env().Undefined();
}

Napi::Value process_id(Call call) { return number(call, getpid()); }

Napi::Value parent_pid(Call call) { return number(call, sys::parent()); }

Napi::Value set_thread_name(Call call) {
  std::string name = text_argument(call, 0);
  if (sys::set_thread_name(name.c_str()) < 0) throw_system_error(call.Env(), errno, "prctl PR_SET_NAME", name);
  return call.Env().Undefined();
}

Napi::Value thread_name(Call call) {
  char name[16] = {};
  if (sys::thread_name(name) < 0) throw_system_error(call.Env(), errno, "prctl PR_GET_NAME", "this thread");
  return Napi::String::New(call.Env(), name);
}

Napi::Value random_bytes(Call call) {
  Napi::Uint8Array into = bytes_argument(call, 0);
  if (sys::random_bytes(into.Data(), into.ByteLength()) < 0) {
    throw_system_error(call.Env(), errno, "getrandom", std::to_string(into.ByteLength()) + " bytes");
  }
  return call.Env().Undefined();
}

}  // namespace

void export_processes(Napi::Env env, Napi::Object exports) {
  export_function<wait>(env, exports, "wait");
  export_function<wait_change>(env, exports, "waitChange");
  export_function<open_process>(env, exports, "openProcess");
  export_function<set_process_group>(env, exports, "setProcessGroup");
  export_function<set_session>(env, exports, "setSession");
  export_function<process_id>(env, exports, "processId");
  export_function<parent_pid>(env, exports, "parentPid");
  export_function<set_thread_name>(env, exports, "setThreadName");
  export_function<thread_name>(env, exports, "threadName");
  export_function<random_bytes>(env, exports, "randomBytes");
}

}  // namespace prefork::addon
