#include "addon/errors.h"

#include <cstring>

namespace prefork::addon {

namespace {

struct ErrorClasses {
  Napi::FunctionReference system_error;
  Napi::FunctionReference native_error;
};

}  // namespace

void remember_error_classes(Napi::Env env, Napi::Function system_error, Napi::Function native_error) {
  // Instance data belongs to one environment: a worker_thread that loads the addon has its own.
  auto* classes = new ErrorClasses{Napi::Persistent(system_error), Napi::Persistent(native_error)};
  env.SetInstanceData<ErrorClasses>(classes);
}

void throw_system_error(Napi::Env env, int error, const char* call, const std::string& subject) {
  char reason[128];
  // The GNU form: what it returns is the text, which need not be in the buffer; see strerror(3).
  const char* text = ::strerror_r(error, reason, sizeof reason);
  Napi::Object value = env.GetInstanceData<ErrorClasses>()->system_error.New(
      {Napi::Number::New(env, error), Napi::String::New(env, text), Napi::String::New(env, call),
       Napi::String::New(env, subject)});
  throw Napi::Error(env, value);
}

void throw_native_error(Napi::Env env, const char* code, const std::string& message) {
  Napi::Object value = env.GetInstanceData<ErrorClasses>()->native_error.New(
      {Napi::String::New(env, code), Napi::String::New(env, message)});
  throw Napi::Error(env, value);
}

std::string descriptor_subject(int fd) { return "descriptor " + std::to_string(fd); }

}  // namespace prefork::addon
