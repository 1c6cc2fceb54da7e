#include "sys/ready.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace prefork::sys {

namespace {

// With 64 bits everywhere: where a long has 32, the call that does that has another number.
struct KernelTime {
  int64_t seconds;
  int64_t nanoseconds;
};
#ifdef SYS_clock_gettime64
constexpr long CLOCK_CALL = SYS_clock_gettime64;
#else
constexpr long CLOCK_CALL = SYS_clock_gettime;
#endif

// Past the C library and the vDSO (vdso(7)): a client asks once or twice, and to find the function there and to touch its pages for
// the first time takes ten times as long.
KernelTime monotonic_time() {
  KernelTime now{};
  syscall(CLOCK_CALL, CLOCK_MONOTONIC, &now);
  return now;
}

}  // namespace

long long monotonic_milliseconds() {
  const KernelTime now = monotonic_time();
  return now.seconds * 1000 + now.nanoseconds / 1000000;
}

uint64_t monotonic_nanoseconds() {
  const KernelTime now = monotonic_time();
  return static_cast<uint64_t>(now.seconds) * 1000000000 + static_cast<uint64_t>(now.nanoseconds);
}

int wait_ready(pollfd *set, size_t count, int milliseconds) {
  const long long deadline = milliseconds <= 0 ? 0 : monotonic_milliseconds() + milliseconds;
  int left = milliseconds;
  for (;;) {
    const int ready = poll(set, static_cast<nfds_t>(count), left);
    if (ready >= 0 || errno != EINTR) return ready;
    if (milliseconds <= 0) continue;
    const long long remaining = deadline - monotonic_milliseconds();
    left = remaining > 0 ? static_cast<int>(remaining) : 0;
  }
}

}  // namespace prefork::sys
