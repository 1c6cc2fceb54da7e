#include "sys/descriptors.h"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/facilities.h"
#include "sys/lock.h"
#include "sys/ready.h"

namespace prefork::addon {

namespace {

Napi::Value poll(Call call) {
  Napi::Int32Array set = call[0].As<Napi::Int32Array>();
  size_t count = set.ElementLength() / 3;
  std::vector<pollfd> ready(count);
  for (size_t i = 0; i < count; i++) ready[i] = {set[i * 3], static_cast<short>(set[i * 3 + 1]), 0};
  int found = sys::wait_ready(ready.data(), count, int_argument(call, 1));
  if (found < 0) throw_system_error(call.Env(), errno, "poll", std::to_string(count) + " descriptors");
  for (size_t i = 0; i < count; i++) set[i * 3 + 2] = ready[i].revents;
  return number(call, found);
}

Napi::Value close(Call call) {
  int fd = int_argument(call, 0);
  // After EINTR or EIO the descriptor is closed all the same (close(2)); EBADF is the caller's mistake, and a dangerous
  // one.
  if (::close(fd) < 0 && errno == EBADF) throw_system_error(call.Env(), errno, "close", descriptor_subject(fd));
  return call.Env().Undefined();
}

// Those that are none are passed over: who lists them need not know which are closed already.
Napi::Value close_all(Call call) {
  Napi::Array list = call[0].As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) {
    int fd = list.Get(i).As<Napi::Number>().Int32Value();
    if (fd >= 0) sys::close_descriptor(fd);
  }
  return call.Env().Undefined();
}

Napi::Value duplicate_above(Call call) {
  int fd = int_argument(call, 0);
  int copy = sys::duplicate_above(fd, int_argument(call, 1));
  if (copy < 0) throw_system_error(call.Env(), errno, "fcntl F_DUPFD_CLOEXEC", descriptor_subject(fd));
  return number(call, copy);
}

Napi::Value duplicate_to(Call call) {
  int from = int_argument(call, 0);
  if (sys::duplicate_to(from, int_argument(call, 1)) < 0) {
    throw_system_error(call.Env(), errno, "dup2", descriptor_subject(from));
  }
  return call.Env().Undefined();
}

Napi::Value install_standard(Call call) {
  Napi::Array list = call[0].As<Napi::Array>();
  for (uint32_t to = 0; to < list.Length(); to++) {
    int from = list.Get(to).As<Napi::Number>().Int32Value();
    if (::dup3(from, static_cast<int>(to), O_CLOEXEC) < 0) throw_system_error(call.Env(), errno, "dup3", descriptor_subject(from));
    sys::close_descriptor(from);
  }
  return call.Env().Undefined();
}

Napi::Value status_flags(Call call) {
  int fd = int_argument(call, 0);
  int flags = sys::status_flags(fd);
  if (flags < 0) throw_system_error(call.Env(), errno, "fcntl F_GETFL", descriptor_subject(fd));
  return number(call, flags);
}

Napi::Value set_status_flags(Call call) {
  int fd = int_argument(call, 0);
  if (sys::set_status_flags(fd, int_argument(call, 1)) < 0) {
    throw_system_error(call.Env(), errno, "fcntl F_SETFL", descriptor_subject(fd));
  }
  return call.Env().Undefined();
}

Napi::Value set_close_on_exec(Call call) {
  int fd = int_argument(call, 0);
  if (sys::set_close_on_exec(fd, bool_argument(call, 1)) < 0) {
    throw_system_error(call.Env(), errno, "fcntl F_SETFD", descriptor_subject(fd));
  }
  return call.Env().Undefined();
}

Napi::Value lock(Call call) {
  int fd = int_argument(call, 0);
  int operation = int_argument(call, 1);
  auto kind = (operation & LOCK_UN) != 0   ? sys::LockKind::unlock
              : (operation & LOCK_EX) != 0 ? sys::LockKind::exclusive
                                           : sys::LockKind::shared;
  if (sys::lock(fd, kind, (operation & LOCK_NB) == 0) < 0) {
    if (errno == EWOULDBLOCK) return Napi::Boolean::New(call.Env(), false);
    throw_system_error(call.Env(), errno, "flock", descriptor_subject(fd));
  }
  return Napi::Boolean::New(call.Env(), true);
}

Napi::Value pipe(Call call) {
  int ends[2];
  if (sys::make_pipe(ends) < 0) throw_system_error(call.Env(), errno, "pipe2", "O_CLOEXEC");
  return pair(call, ends);
}

Napi::Value change_directory(Call call) {
  int fd = int_argument(call, 0);
  if (::fchdir(fd) < 0) throw_system_error(call.Env(), errno, "fchdir", descriptor_subject(fd));
  return call.Env().Undefined();
}

}  // namespace

void export_descriptors(Napi::Env env, Napi::Object exports) {
  export_function<poll>(env, exports, "poll");
  export_function<close>(env, exports, "close");
  export_function<close_all>(env, exports, "closeAll");
  export_function<duplicate_above>(env, exports, "duplicateAbove");
  export_function<duplicate_to>(env, exports, "duplicateTo");
  export_function<install_standard>(env, exports, "installStandard");
  export_function<status_flags>(env, exports, "statusFlags");
  export_function<set_status_flags>(env, exports, "setStatusFlags");
  export_function<set_close_on_exec>(env, exports, "setCloseOnExec");
  export_function<lock>(env, exports, "lock");
  export_function<pipe>(env, exports, "pipe");
  export_function<change_directory>(env, exports, "changeDirectory");
}

}  // namespace prefork::addon
