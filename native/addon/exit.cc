#include "addon/exit.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "addon/node_symbols.h"
#include "addon/stdio.h"
#include "addon/sync.h"
#include "addon/task_pool.h"

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

// As Node's own handler, which ends Node's background threads before it takes anything down: ours too must be out of V8
// by then.
void exit_with_node_threads(node::Environment* environment, int code) {
  if (!task_pool().stop(now_ms() + kStopLimitMs)) exit_now(code);
  node_symbols().default_process_exit_handler(environment, code);
}

}  // namespace

void add_natural_end_hook(Napi::Env env) {
  // A worker_thread that loads the addon has an environment of its own, whose end is not the process's.
  if (on_main_thread()) napi_add_env_cleanup_hook(env, end_naturally, nullptr);
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

void exit_now(int code) {
  fflush(nullptr);
  restore_stdio();
  _exit(code);
}

}  // namespace prefork::addon
