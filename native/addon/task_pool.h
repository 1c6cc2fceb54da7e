// The threads that run V8's background tasks in the place of Node's own.
//
// Node's platform makes its threads when it starts, and a fork loses them. These are made on first use, in whichever
// process uses them, and every task is counted: so a fork can wait for the moment at which none is lost.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <vector>

#include "addon/sync.h"
#include "addon/task.h"

namespace prefork::addon {

class TaskPool {
 public:
  // `threads`: how many there may be. `user_blocking_only`: what wait_drained is about, see NodeSymbols.
  void configure(unsigned threads, bool user_blocking_only);

  // Takes the task, runs it and deletes it.
  void post(Task* task, TaskPriority priority);
  void post_delayed(Task* task, TaskPriority priority, double seconds);

  // True once what Node's DrainTasks waits for is done; false where that takes longer.
  bool wait_drained(int64_t deadline_ms);

  // True, and the pool locked, once no task at all is queued or running. Those that are not due yet may be there.
  bool lock_at_rest(int64_t deadline_ms);
  void unlock() { mutex_.unlock(); }
  // In the child of a fork that was made under lock_at_rest: no threads; what is not due yet is kept. Unlocks.
  void reset_in_child();

  // The pool's threads, those included that have only just been made.
  std::vector<pid_t> tids();

  // What is not due yet never will be: V8 is about to be taken down, or this process is to have no thread for it.
  void forget_delayed();

  // No task is begun any more; what is queued stays so. True once none is running.
  bool stop(int64_t deadline_ms);

 private:
  struct Delayed {
    int64_t due_ms;
    Task* task;
    TaskPriority priority;
  };

  static void* run_thread(void* pool);
  void run();
  void enqueue(Task* task, TaskPriority priority);
  void enqueue_due();
  bool take(Task** task, TaskPriority* priority);
  void wait_for_work();
  void ensure_thread();
  unsigned awaited_by_drain() const;
  unsigned outstanding() const;
  unsigned queued() const;

  Mutex mutex_;
  Condition work_;
  Condition progress_;
  std::deque<Task*> ready_[kTaskPriorities];
  std::vector<Delayed> delayed_;
  std::vector<pid_t> tids_;
  unsigned max_threads_ = 1;
  unsigned threads_ = 0;
  unsigned idle_ = 0;
  // Queued or running.
  unsigned outstanding_[kTaskPriorities] = {};
  bool user_blocking_only_ = false;
  bool stopped_ = false;
};

// Never destroyed: its threads outlive main().
TaskPool& task_pool();

}  // namespace prefork::addon
