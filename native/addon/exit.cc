#include "addon/exit.h"

#include <link.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>

#include "addon/node_symbols.h"
#include "addon/stdio.h"
#include "addon/sync.h"
#include "addon/task_pool.h"
#include "addon/threads.h"

namespace prefork::addon {

namespace {

// Not null once the process leaves by exit_now. Kept, because in a clean-up hook there is no handle scope to find it
// by.
node::Environment* leaving = nullptr;
// What Node leaves with where it cannot even emit 'exit'; see natural-exit.ts for what it is otherwise.
int natural_exit_code = 1;

// A background task that is running at the end takes milliseconds; one that waits for the main thread would take for
// ever.
constexpr int64_t kStopLimitMs = 5000;

// Where the status is to be noted ahead of the end, who is told of that, and who tells. Null: nobody.
int32_t* end_note = nullptr;
// Where the time of the end is to be noted; null: nowhere.
double* end_moment = nullptr;
pid_t told_of_end = 0;
pid_t teller = 0;
uv_loop_t* its_loop = nullptr;

// Whether no other thread does anything any more, nor will: what a thread of libuv's or an addon's is at would be seen outside after the
// end was told, and a task of V8's that then posts one for the main thread (uv_async_send) aborts the process for want of its
// descriptor. Our pool stays locked where it has threads.
bool nobody_else_works() {
  // Does nothing but to look whether there are other threads (unshare(2)): there seldom are.
  if (::unshare(CLONE_VM) == 0) return true;
  return its_loop->active_reqs.count == 0 && unknown_threads().empty() && task_pool().lock_at_rest(now_ms());
}

// The kernel takes a millisecond and more to take down the memory of a Node, and whoever waits for the end of this process waits for
// that, too. But all that others can see of it, its descriptors, and with them locks, ports and the ends of pipes, goes at once.
void tell_of_end(int code) {
  if (end_note == nullptr || teller != getpid() || told_of_end != getppid() || !nobody_else_works()) return;
  if (::syscall(SYS_close_range, 0u, ~0u, 0u) != 0) return;
  // As waitpid(2) gives it: only these eight bits of a code are ever seen.
  __atomic_store_n(end_note, kEndNoted | (code & 0xff) << 8, __ATOMIC_RELEASE);
  // What it gets at the end of a child anyway. Where this fails, the end itself tells.
  if (::kill(told_of_end, SIGCHLD) != 0) return;
  // A message wakes its reader where the sender runs (WF_SYNC in kernel/sched), expecting that it is about to sleep. This process is about
  // to take down its memory instead, and the server may be waiting for this very processor.
  sched_yield();
}

// A double holds the nanoseconds of a hundred days exactly, and to a few nanoseconds of any time that a machine runs.
void note_end_moment() {
  if (end_moment == nullptr || teller != getpid()) return;
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  *end_moment = static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

bool on_main_thread() { return ::syscall(SYS_gettid) == getpid(); }

node::Environment* current_environment() {
  const NodeSymbols& node = node_symbols();
  return node.environment(node.current_context(node.current_isolate()));
}

// The last but one step of a natural end: the listeners ran, JavaScript is over, and what follows would join threads.
void end_naturally(void*) {
  if (leaving != nullptr) {
    // Node runs these right after the clean-up hooks (FreeEnvironment): coverage and profiles are written there.
    node_symbols().run_at_exit(leaving);
    exit_now(natural_exit_code);
  }
  // Here Node takes V8 down in order, and waits for its tasks as it does so.
  task_pool().forget_delayed();
}

// How often a shared object was loaded into this process (dl_iterate_phdr(3)).
unsigned long long objects_loaded() {
  unsigned long long loads = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* loads) {
        *static_cast<unsigned long long*>(loads) = info->dlpi_adds;
        return 1;
      },
      &loads);
  return loads;
}

unsigned long long loads_before = 0;

// As Node's own handler, which ends Node's background threads before it takes anything down: ours too must be out of V8
// by then.
void exit_with_node_threads(node::Environment* environment, int code) {
  if (!task_pool().stop(now_ms() + kStopLimitMs)) exit_now(code);
  node_symbols().default_process_exit_handler(environment, code);
}

}  // namespace

void add_natural_end_hook(Napi::Env env) {
  // A worker_thread that loads the addon has an environment of its own, whose end is not the process's.
  if (!on_main_thread()) return;
  napi_add_env_cleanup_hook(env, end_naturally, nullptr);
  loads_before = objects_loaded();
}

void end_before_clean_up(Napi::Env env) {
  if (leaving == nullptr || objects_loaded() != loads_before) return;
  napi_remove_env_cleanup_hook(env, end_naturally, nullptr);
  napi_add_env_cleanup_hook(env, end_naturally, nullptr);
}

void leave_with_node_threads() {
  node_symbols().set_process_exit_handler(current_environment(), exit_with_node_threads);
}

void leave_by_exit_now() {
  leaving = current_environment();
  // What process.exit(), an uncaught error and a fatal one end in (Environment::Exit), each after its listeners, its
  // report and its at-exit hooks. Not node::AtExit: its hooks run before the code of a fatal error is decided.
  node_symbols().set_process_exit_handler(leaving, [](node::Environment*, int code) { exit_now(code); });
}

void set_natural_exit_code(int code) { natural_exit_code = code; }

void tell_end_by(int32_t* note, double* moment, uv_loop_t* loop) {
  end_note = note;
  end_moment = moment;
  told_of_end = getppid();
  teller = getpid();
  its_loop = loop;
}

void exit_now(int code) {
  note_end_moment();
  fflush(nullptr);
  restore_stdio();
  tell_of_end(code);
  _exit(code);
}

}  // namespace prefork::addon
