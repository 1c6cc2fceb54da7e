#include "addon/fork.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "addon/exit.h"
#include "addon/loop.h"
#include "addon/pages.h"
#include "addon/platform.h"
#include "addon/task_pool.h"
#include "addon/threads.h"
#include "addon/worker_hold.h"

namespace prefork::addon {

namespace {

// A child whose event loop cannot work can only say so: it must not go on as if it were its parent.
constexpr int kBrokenChild = 127;

void renew_child(uv_loop_t* loop) {
  forget_node_threads();
  // Whatever else becomes of this process, it must not join threads that it does not have.
  leave_by_exit_now();
  int error = renew_loop_after_fork(loop);
  // After that, since a task that is due may post one to the loop.
  task_pool().reset_in_child();
  if (error == 0) return;
  dprintf(STDERR_FILENO, "prefork-interp: uv_loop_fork in process %d: %s\n", getpid(), uv_strerror(error));
  _exit(kBrokenChild);
}

// Node's own threads get no new tasks, but one posted earlier with a delay may still run. Once all of them were held,
// everything posted before has run. They are let go before the fork: what is counted as outstanding in Node's queue
// then would be so in the child for ever, and a child of a script that Node runs from inside its DrainTasks (an ES
// module that was loaded asynchronously, on Node 18) returns into waiting for it.
bool rest_node_threads(int64_t deadline_ms) {
  {
    WorkerHold hold;
    if (!hold.take(node_worker_threads(), deadline_ms)) return false;
  }
  return await_node_threads_asleep(deadline_ms);
}

}  // namespace

bool settle_node_threads(int64_t deadline_ms) {
  WorkerHold hold;
  if (!hold.take(node_worker_threads(), deadline_ms)) return false;
  note_node_threads(hold.tids());
  return true;
}

ForkResult fork_process(uv_loop_t* loop, int64_t deadline_ms) {
  if (node_threads_alive() && !rest_node_threads(deadline_ms)) return {ForkResult::busy, -1, 0, nullptr};
  if (!task_pool().lock_at_rest(deadline_ms)) return {ForkResult::busy, -1, 0, nullptr};
  // What C code has buffered would be written twice.
  fflush(nullptr);
  if (make_pages_inheritable() != 0) {
    int error = errno;
    task_pool().unlock();
    return {ForkResult::failed, -1, error, "madvise"};
  }
  // A signal that the child takes before it has a loop of its own would be written to its parent's pipe
  // (uv__signal_handler).
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = ::fork();
  int error = errno;
  if (pid == 0) {
    renew_child(loop);
  } else {
    task_pool().unlock();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return {ForkResult::failed, -1, error, "fork"};
  return {ForkResult::forked, pid, 0, nullptr};
}

}  // namespace prefork::addon
