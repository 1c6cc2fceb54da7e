// The ways out of a forked process.
#pragma once

#include <napi.h>
#include <uv.h>

#include <cstddef>
#include <cstdint>

namespace prefork::addon {

// Registers the clean-up hook of a natural end. Called when the addon is loaded, so that it runs after the hooks of all
// that is loaded later.
void add_natural_end_hook(Napi::Env env);

// In a process that still has the threads Node began with, but whose background tasks are ours: process.exit() and
// errors first stop ours.
void leave_with_node_threads();

// From now on every way out of Node ends in exit_now.
void leave_by_exit_now();

// The code of a natural end.
void set_natural_exit_code(int code);

// Version 2's message `ended`, whose last four bytes are the wait status (docs/protocol.md).
inline constexpr size_t kEndMessageBytes = 20;

// From now on exit_now() first closes all descriptors but this one, a socket, sets `note` to 1, which lies in memory that is never given
// back, and sends the message with its code filled in. Not where another thread may still be at work,
// which `loop` tells of libuv's. 0, or -1 with errno.
int tell_end_on(int descriptor, const uint8_t (&message)[kEndMessageBytes], uint8_t* note, uv_loop_t* loop);

// No longer so.
void tell_nobody();

[[noreturn]] void exit_now(int code);

}  // namespace prefork::addon
