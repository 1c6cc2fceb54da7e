#include "addon/exit.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "addon/node_symbols.h"
#include "addon/stdio.h"
#include "addon/task_pool.h"

namespace prefork::addon {

namespace {

// Not null once the process leaves by exit_now. Kept, because in a clean-up hook there is no handle scope to find it by.
node::Environment* leaving = nullptr;
// What Node leaves with where it cannot even emit 'exit'; see natural-exit.ts for what it is otherwise.
int natural_exit_code = 1;

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
  // Not a forked child: V8 is taken down in order, and its delayed tasks must not run after it.
  task_pool().forget_delayed();
}

}  // namespace

void add_natural_end_hook(Napi::Env env) {
  // A worker_thread that loads the addon has an environment of its own, whose end is not the process's.
  if (on_main_thread()) napi_add_env_cleanup_hook(env, end_naturally, nullptr);
}

void leave_by_exit_now() {
  leaving = current_environment();
  // What process.exit(), an uncaught error and a fatal one end in (Environment::Exit), each after its listeners, its report and its
  // at-exit hooks. Not node::AtExit: its hooks run before the code of a fatal error is decided.
  node_symbols().set_process_exit_handler(leaving, [](node::Environment*, int code) { exit_now(code); });
}

void set_natural_exit_code(int code) { natural_exit_code = code; }

void exit_now(int code) {
  fflush(nullptr);
  restore_stdio();
  _exit(code);
}

}  // namespace prefork::addon
