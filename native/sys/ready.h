// Waiting for descriptors: poll(2) with a limit that holds.
#pragma once

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

namespace prefork::sys {

// poll(2). A signal does not end it: it goes on with the time that is left. -1 milliseconds waits for ever.
int wait_ready(pollfd *set, size_t count, int milliseconds);

// Milliseconds of a clock that never jumps (CLOCK_MONOTONIC).
long long monotonic_milliseconds();

// The same clock, nanoseconds.
uint64_t monotonic_nanoseconds();

}  // namespace prefork::sys
