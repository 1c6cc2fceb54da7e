#include "addon/task_pool.h"

#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace prefork::addon {

namespace {

constexpr double kMsPerSecond = 1000;
constexpr int64_t kThreadStartLimitMs = 1000;
// A delay is capped, so that the sum stays a number: nobody waits longer than a day for a background task.
constexpr double kLongestDelaySeconds = 24 * 60 * 60;

size_t index(TaskPriority priority) { return std::min(static_cast<size_t>(priority), kTaskPriorities - 1); }

}  // namespace

void TaskPool::configure(unsigned threads, bool user_blocking_only) {
  Locked locked(mutex_);
  max_threads_ = std::max(threads, 1u);
  user_blocking_only_ = user_blocking_only;
}

void TaskPool::post(Task* task, TaskPriority priority) {
  Locked locked(mutex_);
  enqueue(task, priority);
  ensure_thread();
}

void TaskPool::post_delayed(Task* task, TaskPriority priority, double seconds) {
  Locked locked(mutex_);
  double delay = std::clamp(seconds, 0.0, kLongestDelaySeconds);
  delayed_.push_back({now_ms() + static_cast<int64_t>(delay * kMsPerSecond), task, priority});
  // A thread that sleeps until something later is due has to look again.
  work_.notify_one();
  ensure_thread();
}

bool TaskPool::wait_drained(int64_t deadline_ms) {
  Locked locked(mutex_);
  // Where no thread could be made (EAGAIN, a limit on processes), each wait tries again.
  if (outstanding() > 0) ensure_thread();
  while (awaited_by_drain() > 0) {
    if (now_ms() >= deadline_ms) return false;
    progress_.wait_until(mutex_, deadline_ms);
  }
  return true;
}

bool TaskPool::lock_at_rest(int64_t deadline_ms) {
  mutex_.lock();
  if (outstanding() > 0) ensure_thread();
  while (outstanding() > 0) {
    if (now_ms() >= deadline_ms) {
      mutex_.unlock();
      return false;
    }
    progress_.wait_until(mutex_, deadline_ms);
  }
  return true;
}

void TaskPool::reset_in_child() {
  work_.make();
  progress_.make();
  mutex_.make();
  threads_ = 0;
  idle_ = 0;
  tids_.clear();
  Locked locked(mutex_);
  if (!delayed_.empty()) ensure_thread();
}

std::vector<pid_t> TaskPool::tids() {
  Locked locked(mutex_);
  // A thread learns its number itself. Every one that was made gets to run, so this ends; the limit is for a stopped
  // machine.
  int64_t deadline_ms = now_ms() + kThreadStartLimitMs;
  while (tids_.size() < threads_ && now_ms() < deadline_ms) progress_.wait_until(mutex_, deadline_ms);
  return tids_;
}

void TaskPool::forget_delayed() {
  Locked locked(mutex_);
  for (const Delayed& delayed : delayed_) delete delayed.task;
  delayed_.clear();
  // Whoever sleeps until something is due need not.
  work_.notify_all();
}

bool TaskPool::stop(int64_t deadline_ms) {
  Locked locked(mutex_);
  stopped_ = true;
  while (outstanding() > queued()) {
    if (now_ms() >= deadline_ms) return false;
    progress_.wait_until(mutex_, deadline_ms);
  }
  return true;
}

void TaskPool::enqueue(Task* task, TaskPriority priority) {
  ready_[index(priority)].push_back(task);
  outstanding_[index(priority)]++;
  work_.notify_one();
}

void TaskPool::enqueue_due() {
  if (delayed_.empty() || stopped_) return;
  int64_t now = now_ms();
  auto later = std::stable_partition(delayed_.begin(), delayed_.end(),
                                     [now](const Delayed& delayed) { return delayed.due_ms <= now; });
  for (auto due = delayed_.begin(); due != later; ++due) enqueue(due->task, due->priority);
  delayed_.erase(delayed_.begin(), later);
}

bool TaskPool::take(Task** task, TaskPriority* priority) {
  if (stopped_) return false;
  for (size_t i = kTaskPriorities; i-- > 0;) {
    if (ready_[i].empty()) continue;
    *task = ready_[i].front();
    *priority = static_cast<TaskPriority>(i);
    ready_[i].pop_front();
    return true;
  }
  return false;
}

void TaskPool::wait_for_work() {
  idle_++;
  if (delayed_.empty() || stopped_) {
    work_.wait(mutex_);
  } else {
    auto next = std::min_element(delayed_.begin(), delayed_.end(),
                                 [](const Delayed& a, const Delayed& b) { return a.due_ms < b.due_ms; });
    work_.wait_until(mutex_, next->due_ms);
  }
  idle_--;
}

void TaskPool::ensure_thread() {
  if (stopped_ || threads_ >= max_threads_) return;
  if (idle_ > 0 && idle_ >= queued()) return;
  // The pool's threads take no signals: those are for the main thread, which may be waiting in a system call for one.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  // The new thread waits for the mutex that is held here. Failure is no loss: whoever waits tries again.
  if (pthread_create(&thread, &attributes, run_thread, this) == 0) threads_++;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void* TaskPool::run_thread(void* pool) {
  pthread_setname_np(pthread_self(), "prefork-worker");
  static_cast<TaskPool*>(pool)->run();
  return nullptr;
}

void TaskPool::run() {
  Locked locked(mutex_);
  tids_.push_back(static_cast<pid_t>(::syscall(SYS_gettid)));
  progress_.notify_all();
  for (;;) {
    enqueue_due();
    Task* task;
    TaskPriority priority;
    if (!take(&task, &priority)) {
      wait_for_work();
      continue;
    }
    mutex_.unlock();
    task->Run();
    delete task;
    mutex_.lock();
    outstanding_[index(priority)]--;
    progress_.notify_all();
  }
}

unsigned TaskPool::awaited_by_drain() const {
  return user_blocking_only_ ? outstanding_[index(TaskPriority::user_blocking)] : outstanding();
}

unsigned TaskPool::outstanding() const {
  unsigned sum = 0;
  for (unsigned each : outstanding_) sum += each;
  return sum;
}

unsigned TaskPool::queued() const {
  unsigned sum = 0;
  for (const auto& ready : ready_) sum += static_cast<unsigned>(ready.size());
  return sum;
}

TaskPool& task_pool() {
  static auto* pool = new TaskPool;
  return *pool;
}

}  // namespace prefork::addon
