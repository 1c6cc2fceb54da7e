// The task pool on its own, without Node: what can be run under the thread sanitizer, which a whole Node cannot.
// Prints one line for each check that fails, and how many there were.
#include "addon/task_pool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include "addon/sync.h"

using prefork::addon::Locked;
using prefork::addon::Mutex;
using prefork::addon::now_ms;
using prefork::addon::Task;
using prefork::addon::TaskPool;
using prefork::addon::TaskPriority;

namespace {

// Longer than any of this takes on a busy machine; nothing waits that long unless it is broken.
constexpr int64_t kLimitMs = 20 * 1000;
constexpr int64_t kMomentMs = 30;

int passed = 0;
int failed = 0;
std::atomic<int> alive{0};

void check(bool good, const char* what) {
  (good ? passed : failed)++;
  if (!good) printf("failed: %s\n", what);
}

int64_t soon() { return now_ms() + kLimitMs; }

class Work : public Task {
 public:
  explicit Work(std::function<void()> work) : work_(std::move(work)) { alive++; }
  ~Work() override { alive--; }
  void Run() override { work_(); }

 private:
  std::function<void()> work_;
};

Task* work(std::function<void()> what) { return new Work(std::move(what)); }

// A door that tasks wait at.
class Door {
 public:
  void pass() {
    Locked locked(mutex_);
    waiting_++;
    changed_.notify_all();
    while (!open_) changed_.wait(mutex_);
  }
  void open() {
    Locked locked(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool await(int count) {
    Locked locked(mutex_);
    int64_t deadline = soon();
    while (waiting_ < count && now_ms() < deadline) changed_.wait_until(mutex_, deadline);
    return waiting_ >= count;
  }

 private:
  Mutex mutex_;
  prefork::addon::Condition changed_;
  int waiting_ = 0;
  bool open_ = false;
};

// A pool is never destroyed, since its threads never end.
TaskPool& new_pool(unsigned threads, bool user_blocking_only = false) {
  auto* pool = new TaskPool;
  pool->configure(threads, user_blocking_only);
  return *pool;
}

void runs_all_from_many_threads() {
  TaskPool& pool = new_pool(4);
  std::atomic<int> ran{0};
  std::vector<std::thread> posters;
  for (int p = 0; p < 4; p++) {
    posters.emplace_back([&] {
      for (int i = 0; i < 500; i++) {
        auto priority = static_cast<TaskPriority>(i % 3);
        pool.post(work([&, i] {
                    ran++;
                    if (i % 5 == 0) pool.post(work([&] { ran++; }), TaskPriority::best_effort);
                  }),
                  priority);
      }
    });
  }
  for (std::thread& poster : posters) poster.join();
  check(pool.wait_drained(soon()), "drained");
  check(ran == 2400, "every task ran, those posted by tasks too");
  check(alive == 0, "every task was deleted");
  check(pool.tids().size() >= 1 && pool.tids().size() <= 4, "no more threads than allowed");
}

void uses_all_threads_and_knows_them() {
  TaskPool& pool = new_pool(3);
  Door door;
  for (int i = 0; i < 3; i++) pool.post(work([&] { door.pass(); }), TaskPriority::user_blocking);
  check(door.await(3), "three tasks run at once");
  check(pool.tids().size() == 3, "three threads are known");
  check(!pool.lock_at_rest(now_ms() + kMomentMs), "not at rest while tasks run");
  check(!pool.wait_drained(now_ms() + kMomentMs), "not drained while tasks run");
  door.open();
  check(pool.lock_at_rest(soon()), "at rest once they are done");
  pool.unlock();
}

void takes_the_highest_priority_first() {
  TaskPool& pool = new_pool(1);
  Door door;
  std::vector<int> order;
  pool.post(work([&] { door.pass(); }), TaskPriority::user_blocking);
  check(door.await(1), "the only thread is busy");
  for (int priority : {0, 1, 2, 0, 1, 2}) {
    pool.post(work([&order, priority] { order.push_back(priority); }), static_cast<TaskPriority>(priority));
  }
  door.open();
  check(pool.wait_drained(soon()), "drained");
  check(order == std::vector<int>({2, 2, 1, 1, 0, 0}), "the highest priority first");
}

void drains_what_a_user_waits_for() {
  TaskPool& pool = new_pool(2, true);
  Door door;
  pool.post(work([&] { door.pass(); }), TaskPriority::user_visible);
  check(door.await(1), "a task of lower priority runs");
  pool.post(work([] {}), TaskPriority::user_blocking);
  check(pool.wait_drained(soon()), "drained all the same");
  check(!pool.lock_at_rest(now_ms() + kMomentMs), "but not at rest");
  door.open();
  check(pool.lock_at_rest(soon()), "at rest later");
  pool.unlock();
}

void waits_for_what_is_delayed() {
  TaskPool& pool = new_pool(2);
  std::atomic<int64_t> ran_at{0};
  Door done;
  int64_t from = now_ms();
  pool.post_delayed(work([&] { done.pass(); }), TaskPriority::user_blocking, 3600);
  pool.post_delayed(work([&] {
                      ran_at = now_ms();
                      done.pass();
                    }),
                    TaskPriority::user_blocking, 0.05);
  check(pool.lock_at_rest(soon()), "a task that is not due does not disturb the rest");
  pool.unlock();
  check(done.await(1), "it runs");
  check(ran_at - from >= 50, "not before it is due");
  done.open();
  pool.forget_delayed();
  check(pool.lock_at_rest(soon()) && alive == 0, "what never will be due is deleted");
  pool.unlock();
}

void stops() {
  TaskPool& pool = new_pool(1);
  Door door;
  std::atomic<bool> ran{false};
  pool.post(work([&] { door.pass(); }), TaskPriority::user_blocking);
  check(door.await(1), "a task runs");
  pool.post(work([&] { ran = true; }), TaskPriority::user_blocking);
  check(!pool.stop(now_ms() + kMomentMs), "not stopped while it runs");
  door.open();
  check(pool.stop(soon()), "stopped once it is done");
  pool.post(work([&] { ran = true; }), TaskPriority::user_blocking);
  check(!pool.wait_drained(now_ms() + kMomentMs) && !ran, "nothing is begun any more");
  alive = 0;
}

void use_in_child(TaskPool& pool) {
  pool.reset_in_child();
  check(pool.tids().size() <= 1, "no threads, or one for what is not due yet");
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; i++) pool.post(work([&] { ran++; }), TaskPriority::user_visible);
  check(pool.wait_drained(soon()) && ran == 100, "a child's tasks run");
}

void survives_a_fork() {
  TaskPool& pool = new_pool(2);
  int ends[2];
  check(pipe(ends) == 0, "a pipe");
  std::atomic<int> ran{0};
  for (int i = 0; i < 50; i++) pool.post(work([&] { ran++; }), TaskPriority::user_visible);
  pool.post_delayed(work([&] { check(write(ends[1], "x", 1) == 1, "a byte is written"); }), TaskPriority::user_visible, 0.2);
  check(pool.lock_at_rest(soon()), "at rest before the fork");
  pid_t child = fork();
  if (child == 0) {
    failed = 0;
    use_in_child(pool);
    // The delayed task, which both have, writes it.
    char byte;
    _exit(read(ends[0], &byte, 1) == 1 && failed == 0 ? 0 : 1);
  }
  pool.unlock();
  int status = -1;
  check(waitpid(child, &status, 0) == child && status == 0, "the child is as good as its parent");
  char byte;
  check(read(ends[0], &byte, 1) == 1, "what was delayed runs in both");
  pool.post(work([&] { ran++; }), TaskPriority::user_visible);
  check(pool.wait_drained(soon()) && ran == 51, "the parent goes on");
}

}  // namespace

int main(int argc, char**) {
  runs_all_from_many_threads();
  uses_all_threads_and_knows_them();
  takes_the_highest_priority_first();
  drains_what_a_user_waits_for();
  waits_for_what_is_delayed();
  stops();
  // The thread sanitizer does not follow a fork of several threads: with an argument it is left out.
  if (argc == 1) survives_a_fork();
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
