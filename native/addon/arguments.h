// What a function of the addon was called with. src/native.ts gives the types, so nothing is checked twice here.
#pragma once

#include <napi.h>

#include <string>

namespace prefork::addon {

using Call = const Napi::CallbackInfo&;

inline int int_argument(Call call, size_t index) { return call[index].As<Napi::Number>().Int32Value(); }
inline bool bool_argument(Call call, size_t index) { return call[index].As<Napi::Boolean>().Value(); }
inline std::string text_argument(Call call, size_t index) { return call[index].As<Napi::String>().Utf8Value(); }

// A view of JavaScript's memory, good until this call returns.
inline Napi::Uint8Array bytes_argument(Call call, size_t index) { return call[index].As<Napi::Uint8Array>(); }

inline Napi::Value number(Call call, double value) { return Napi::Number::New(call.Env(), value); }

inline Napi::Value pair(Call call, const int (&descriptors)[2]) {
  Napi::Array both = Napi::Array::New(call.Env(), 2);
  both.Set(0u, number(call, descriptors[0]));
  both.Set(1u, number(call, descriptors[1]));
  return both;
}

template <Napi::Value (*Function)(Call)>
void export_function(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<Function>(env, name));
}

}  // namespace prefork::addon
