// The one way in which the addon reports a failure to JavaScript: it throws, and what it throws has one of the two
// classes that src/native/errors.ts defines.
#pragma once

#include <napi.h>

#include <string>

namespace prefork::addon {

// Keeps the two classes for this environment. They come from JavaScript so that `instanceof` and the message's form
// have one home.
void remember_error_classes(Napi::Env env, Napi::Function system_error, Napi::Function native_error);

// Throws a SystemError: `call` failed on `subject` with `error` (errno's value).
[[noreturn]] void throw_system_error(Napi::Env env, int error, const char* call, const std::string& subject);

// Throws a NativeError with one of its codes.
[[noreturn]] void throw_native_error(Napi::Env env, const char* code, const std::string& message);

// What a descriptor is called in a message.
std::string descriptor_subject(int fd);

}  // namespace prefork::addon
