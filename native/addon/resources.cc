#include "sys/resources.h"

#include <cerrno>
#include <cstring>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/facilities.h"

namespace prefork::addon {

namespace {

std::string resource_subject(int resource) { return "resource " + std::to_string(resource); }

sys::Limit limit_of(Call call) {
  int resource = int_argument(call, 0);
  sys::Limit found{};
  if (sys::limit(resource, &found) < 0) throw_system_error(call.Env(), errno, "prlimit", resource_subject(resource));
  return found;
}

Napi::Value soft_limit(Call call) { return Napi::BigInt::New(call.Env(), limit_of(call).soft); }

Napi::Value hard_limit(Call call) { return Napi::BigInt::New(call.Env(), limit_of(call).hard); }

Napi::Value set_soft_limit(Call call) {
  int resource = int_argument(call, 0);
  // What does not fit into 64 bits is not a limit of the kernel's.
  bool fits = false;
  uint64_t soft = call[1].As<Napi::BigInt>().Uint64Value(&fits);
  int error = EINVAL;
  if (fits) error = sys::set_soft_limit(resource, soft) < 0 ? errno : 0;
  if (error != 0) {
    std::string value = call[1].As<Napi::BigInt>().ToString().Utf8Value();
    throw_system_error(call.Env(), error, "prlimit", resource_subject(resource) + " to " + value);
  }
  return call.Env().Undefined();
}

Napi::Value priority(Call call) {
  int pid = int_argument(call, 0);
  int nice = 0;
  if (sys::priority(pid, &nice) < 0) {
    throw_system_error(call.Env(), errno, "getpriority", "process " + std::to_string(pid));
  }
  return number(call, nice);
}

Napi::Value set_priority(Call call) {
  int nice = int_argument(call, 0);
  if (sys::set_priority(nice) < 0) throw_system_error(call.Env(), errno, "setpriority", std::to_string(nice));
  return call.Env().Undefined();
}

Napi::Value affinity(Call call) {
  uint8_t mask[sys::AFFINITY_BYTES];
  int length = sys::affinity(mask);
  if (length < 0) throw_system_error(call.Env(), errno, "sched_getaffinity", "this thread");
  Napi::Uint8Array result = Napi::Uint8Array::New(call.Env(), static_cast<size_t>(length));
  memcpy(result.Data(), mask, static_cast<size_t>(length));
  return result;
}

Napi::Value set_affinity(Call call) {
  Napi::Uint8Array mask = bytes_argument(call, 0);
  if (sys::set_affinity(mask.Data(), mask.ByteLength()) < 0) {
    throw_system_error(call.Env(), errno, "sched_setaffinity", std::to_string(mask.ByteLength()) + " bytes of mask");
  }
  return call.Env().Undefined();
}

}  // namespace

void export_resources(Napi::Env env, Napi::Object exports) {
  export_function<soft_limit>(env, exports, "softLimit");
  export_function<hard_limit>(env, exports, "hardLimit");
  export_function<set_soft_limit>(env, exports, "setSoftLimit");
  export_function<priority>(env, exports, "priority");
  export_function<set_priority>(env, exports, "setPriority");
  export_function<affinity>(env, exports, "affinity");
  export_function<set_affinity>(env, exports, "setAffinity");
}

}  // namespace prefork::addon
