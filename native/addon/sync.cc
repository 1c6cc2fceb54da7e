#include "addon/sync.h"

#include <ctime>

namespace prefork::addon {

namespace {

constexpr int64_t kMsPerSecond = 1000;
constexpr int64_t kNsPerMs = 1000 * 1000;

}  // namespace

int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kMsPerSecond + now.tv_nsec / kNsPerMs;
}

void Condition::wait_until(Mutex& mutex, int64_t deadline_ms) {
  timespec deadline{};
  deadline.tv_sec = deadline_ms / kMsPerSecond;
  deadline.tv_nsec = deadline_ms % kMsPerSecond * kNsPerMs;
  pthread_cond_timedwait(&condition_, &mutex.mutex_, &deadline);
}

void Condition::make() {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&condition_, &attributes);
  pthread_condattr_destroy(&attributes);
}

}  // namespace prefork::addon
