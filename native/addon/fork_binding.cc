// The fork and the ways out, as functions of JavaScript.
#include <uv.h>

#include <cerrno>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/exit.h"
#include "addon/facilities.h"
#include "addon/fork.h"
#include "addon/node_symbols.h"
#include "addon/pages.h"
#include "addon/platform.h"
#include "addon/stdio.h"
#include "addon/sync.h"
#include "addon/task_pool.h"
#include "addon/threads.h"

namespace prefork::addon {

namespace {

// What V8 was compiling when it was asked to hand over takes milliseconds.
constexpr int64_t kSettleLimitMs = 10 * 1000;

uv_loop_t* loop_of(Napi::Env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    throw_native_error(env, "ERR_PREFORK_STATE", "this environment has no event loop");
  }
  return loop;
}

[[noreturn]] void refuse(Napi::Env env, const std::string& why) {
  throw_native_error(env, "ERR_PREFORK_NODE_UNSUPPORTED", "this Node cannot be forked: " + why);
}

Napi::Value missing_symbols(Call call) {
  const auto& missing = node_symbols().missing;
  Napi::Array list = Napi::Array::New(call.Env(), missing.size());
  for (uint32_t i = 0; i < missing.size(); i++) list.Set(i, Napi::String::New(call.Env(), missing[i]));
  return list;
}

Napi::Value take_over_tasks(Call call) {
  switch (addon::take_over_tasks()) {
    case TakeOver::done:
      break;
    case TakeOver::unknown_platform:
      refuse(call.Env(), "its platform is not node::NodePlatform");
    case TakeOver::unknown_table:
      refuse(call.Env(), "the table of node::NodePlatform does not have the entries it should have");
  }
  if (!settle_node_threads(now_ms() + kSettleLimitMs)) {
    addon::give_back_tasks();
    refuse(call.Env(), "its background threads did not come to rest within " + std::to_string(kSettleLimitMs) + " ms");
  }
  leave_with_node_threads();
  stop_marking_pages();
  return call.Env().Undefined();
}

Napi::Value give_back_tasks(Call call) {
  addon::give_back_tasks();
  return call.Env().Undefined();
}

Napi::Value threads(Call call) {
  std::vector<ThreadInfo> unknown = unknown_threads();
  Napi::Array list = Napi::Array::New(call.Env(), unknown.size());
  for (uint32_t i = 0; i < unknown.size(); i++) {
    Napi::Object thread = Napi::Object::New(call.Env());
    thread.Set("tid", number(call, unknown[i].tid));
    thread.Set("name", Napi::String::New(call.Env(), unknown[i].name));
    list.Set(i, thread);
  }
  return list;
}

Napi::Value active_requests(Call call) { return number(call, loop_of(call.Env())->active_reqs.count); }

Napi::Value fork(Call call) {
  if (!tasks_taken_over()) throw_native_error(call.Env(), "ERR_PREFORK_STATE", "fork() without prepareFork()");
  ForkResult result = fork_process(loop_of(call.Env()), now_ms() + int_argument(call, 0));
  switch (result.outcome) {
    case ForkResult::forked:
      return number(call, result.pid);
    case ForkResult::busy:
      return call.Env().Null();
    case ForkResult::failed:
      break;
  }
  throw_system_error(call.Env(), result.error, result.call, "this process");
}

Napi::Value leave_by_exit_now(Call call) {
  addon::leave_by_exit_now();
  return call.Env().Undefined();
}

Napi::Value set_natural_exit_code(Call call) {
  addon::set_natural_exit_code(int_argument(call, 0));
  addon::end_before_clean_up(call.Env());
  return call.Env().Undefined();
}

// Note and moments are in memory that all processes share (shared_memory.cc), and stay where they are.
Napi::Value tell_end_by(Call call) {
  int32_t* note = call[0].IsNull() ? nullptr : call[0].As<Napi::Int32Array>().Data();
  double* end_moment = nullptr;
  if (!call[1].IsNull()) {
    auto moments = call[1].As<Napi::Float64Array>();
    end_moment = moments.Data() + moments.ElementLength() - 1;
  }
  addon::tell_end_by(note, end_moment, loop_of(call.Env()));
  return call.Env().Undefined();
}

Napi::Value forget_delayed_tasks(Call call) {
  task_pool().forget_delayed();
  return call.Env().Undefined();
}

Napi::Value exit_now(Call call) { addon::exit_now(int_argument(call, 0)); }

Napi::Value note_stdio(Call call) {
  addon::note_stdio();
  return call.Env().Undefined();
}

Napi::Value refresh_time(Call call) {
  uv_update_time(loop_of(call.Env()));
  return call.Env().Undefined();
}

}  // namespace

void export_fork(Napi::Env env, Napi::Object exports) {
  export_function<missing_symbols>(env, exports, "missingSymbols");
  export_function<take_over_tasks>(env, exports, "takeOverTasks");
  export_function<give_back_tasks>(env, exports, "giveBackTasks");
  export_function<threads>(env, exports, "threads");
  export_function<active_requests>(env, exports, "activeRequests");
  export_function<fork>(env, exports, "fork");
  export_function<leave_by_exit_now>(env, exports, "leaveByExitNow");
  export_function<set_natural_exit_code>(env, exports, "setNaturalExitCode");
  export_function<tell_end_by>(env, exports, "tellEndBy");
  export_function<forget_delayed_tasks>(env, exports, "forgetDelayedTasks");
  export_function<exit_now>(env, exports, "exitNow");
  export_function<note_stdio>(env, exports, "noteStdio");
  export_function<refresh_time>(env, exports, "refreshTime");
  add_natural_end_hook(env);
}

}  // namespace prefork::addon
