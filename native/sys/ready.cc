#include "sys/ready.h"

#include <errno.h>
#include <time.h>

namespace prefork::sys {

long long monotonic_milliseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<long long>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

int wait_ready(pollfd *set, size_t count, int milliseconds) {
  const long long deadline = milliseconds < 0 ? 0 : monotonic_milliseconds() + milliseconds;
  int left = milliseconds;
  for (;;) {
    const int ready = poll(set, static_cast<nfds_t>(count), left);
    if (ready >= 0 || errno != EINTR) return ready;
    if (milliseconds < 0) continue;
    const long long remaining = deadline - monotonic_milliseconds();
    left = remaining > 0 ? static_cast<int>(remaining) : 0;
  }
}

}  // namespace prefork::sys
