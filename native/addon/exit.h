// The ways out of a forked process.
#pragma once

#include <napi.h>
#include <uv.h>

#include <cstdint>

namespace prefork::addon {

// Registers the clean-up hook of a natural end. Called when the addon is loaded, so that it runs after the hooks of all
// that is loaded later.
void add_natural_end_hook(Napi::Env env);

// At the end itself: lets that hook be the first, which spares Node the taking apart of what the kernel takes down anyway. Not where other
// addons were loaded, whose hooks may do what is seen outside.
void end_before_clean_up(Napi::Env env);

// In a process that still has the threads Node began with, but whose background tasks are ours: process.exit() and
// errors first stop ours.
void leave_with_node_threads();

// From now on every way out of Node ends in exit_now.
void leave_by_exit_now();

// The code of a natural end.
void set_natural_exit_code(int code);

// In a note: the end has been told, and the other bits are the wait status.
inline constexpr int32_t kEndNoted = 0x10000;

// From now on exit_now() first closes all descriptors, writes its wait status to `note`, which lies in memory that is never given back,
// and sends its parent SIGCHLD. Not where another thread may still be at work, which `loop` tells of libuv's, nor in a fork of this
// process. Null: no longer so. `moment`, in such memory too, is where the time goes at which exit_now() began, in nanoseconds of
// CLOCK_MONOTONIC; null: nowhere.
void tell_end_by(int32_t* note, double* moment, uv_loop_t* loop);

[[noreturn]] void exit_now(int code);

}  // namespace prefork::addon
