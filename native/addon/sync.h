// A mutex, and conditions that time their waits on the monotonic clock. A forked child can make both anew, which the
// standard library's do not offer.
#pragma once

#include <pthread.h>

#include <cstdint>

namespace prefork::addon {

// Milliseconds of CLOCK_MONOTONIC.
int64_t now_ms();

class Mutex {
 public:
  Mutex() { make(); }
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() { pthread_mutex_lock(&mutex_); }
  void unlock() { pthread_mutex_unlock(&mutex_); }
  // In a forked child, whatever state it was in. Leaves it unlocked.
  void make() { pthread_mutex_init(&mutex_, nullptr); }

 private:
  friend class Condition;
  pthread_mutex_t mutex_;
};

// The mutex for one scope.
class Locked {
 public:
  explicit Locked(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Locked() { mutex_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Mutex& mutex_;
};

class Condition {
 public:
  Condition() { make(); }
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  // Both want the mutex held, and may wake early: the caller looks at what it waits for again.
  void wait(Mutex& mutex) { pthread_cond_wait(&condition_, &mutex.mutex_); }
  void wait_until(Mutex& mutex, int64_t deadline_ms);
  void notify_one() { pthread_cond_signal(&condition_); }
  void notify_all() { pthread_cond_broadcast(&condition_); }
  // In a forked child: the threads that waited here are gone, but the memory still counts them.
  void make();

 private:
  pthread_cond_t condition_;
};

}  // namespace prefork::addon
