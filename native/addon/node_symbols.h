// What the fork needs of Node and V8 beyond Node-API, found by name in the running program.
//
// Node's own headers would tie the binary to one version of V8. Looked up instead, one binary serves every version, and
// a version that lacks something is recognised before anything is changed.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "addon/task.h"

namespace node {
class Environment;
}

namespace prefork::addon {

// V8's v8::SourceLocation: says who posted a task; by reference since V8 12.
struct SourceLocation {
  const char* function;
  const char* file;
  size_t line;
};

// node::MultiIsolatePlatform, v8::Isolate: only ever handled by address.
struct Platform;
struct Isolate;
struct Context;

// A unique_ptr argument has a destructor, so the Itanium ABI passes the address of the pointer.
using PostTask = void (*)(Platform*, Task**);
using PostDelayedTask = void (*)(Platform*, Task**, double);
using PostPriorityTask = void (*)(Platform*, TaskPriority, Task**, const SourceLocation&);
using PostDelayedPriorityTask = void (*)(Platform*, TaskPriority, Task**, double, const SourceLocation&);
using ProcessExitHandler = std::function<void(node::Environment*, int)>;

struct NodeSymbols {
  Isolate* (*current_isolate)();
  Context* (*current_context)(Isolate*);
  node::Environment* (*environment)(Context*);
  Platform* (*platform)(node::Environment*);
  void (*set_process_exit_handler)(node::Environment*, ProcessExitHandler&&);
  void (*default_process_exit_handler)(node::Environment*, int);
  void (*run_at_exit)(node::Environment*);

  // The virtual table of node::NodePlatform: its first entry, and how many there are.
  void** platform_entries;
  size_t platform_entry_count;
  int (*number_of_worker_threads)(Platform*);
  bool (*flush_foreground_tasks)(Platform*, Isolate*);
  void (*drain_tasks)(Platform*, Isolate*);
  // Either these (before V8 12) or the two below them; the others are null.
  PostTask post_task;
  PostDelayedTask post_delayed_task;
  PostPriorityTask post_priority_task;
  PostDelayedPriorityTask post_delayed_priority_task;

  // Node's handler for SIGINT and SIGTERM. Null where it has no such symbol: see stdio.cc.
  void* signal_exit;
  // Node's DrainTasks waits only for tasks that a user is waiting for (24 and later), else for all.
  bool drains_user_blocking_only;

  // Names of what is needed and not there.
  std::vector<std::string> missing;
};

// Looked up once.
const NodeSymbols& node_symbols();

}  // namespace prefork::addon
