// The system facilities of native/sys as functions of JavaScript: each takes its arguments apart, calls, and throws on
// -1.
#pragma once

#include <napi.h>

namespace prefork::addon {

void export_sockets(Napi::Env env, Napi::Object exports);
void export_descriptors(Napi::Env env, Napi::Object exports);
void export_processes(Napi::Env env, Napi::Object exports);
void export_signals(Napi::Env env, Napi::Object exports);
void export_signal_queue(Napi::Env env, Napi::Object exports);
void export_resources(Napi::Env env, Napi::Object exports);
void export_watch(Napi::Env env, Napi::Object exports);
void export_process_image(Napi::Env env, Napi::Object exports);
void export_shared_memory(Napi::Env env, Napi::Object exports);
void export_recording(Napi::Env env, Napi::Object exports);
void export_fork(Napi::Env env, Napi::Object exports);

}  // namespace prefork::addon
