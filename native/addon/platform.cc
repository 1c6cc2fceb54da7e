#include "addon/platform.h"

#include <cstring>

#include "addon/task_pool.h"

namespace prefork::addon {

namespace {

// What precedes the entries of a virtual table (Itanium ABI); copied along, because dynamic_cast and typeid look there.
constexpr size_t kVtableHeader = 2;
// While tasks are drained, the main thread looks this often at the tasks posted for itself: one in the background may
// wait for such a task, and Node's own DrainTasks can hang on that (nodejs/node#54918).
constexpr int64_t kDrainSliceMs = 5;

Platform* taken = nullptr;
void** own_entries = nullptr;

void*** table_of(Platform* platform) { return reinterpret_cast<void***>(platform); }

Platform* current_platform() {
  const NodeSymbols& node = node_symbols();
  return node.platform(node.environment(node.current_context(node.current_isolate())));
}

// The entries that replace Node's. Each takes the task out of the caller's unique_ptr.

Task* release(Task** task) {
  Task* released = *task;
  *task = nullptr;
  return released;
}

void post_task(Platform*, Task** task) { task_pool().post(release(task), TaskPriority::user_blocking); }

void post_delayed_task(Platform*, Task** task, double seconds) {
  task_pool().post_delayed(release(task), TaskPriority::user_blocking, seconds);
}

void post_priority_task(Platform*, TaskPriority priority, Task** task, const SourceLocation&) {
  task_pool().post(release(task), priority);
}

void post_delayed_priority_task(Platform*, TaskPriority priority, Task** task, double seconds, const SourceLocation&) {
  task_pool().post_delayed(release(task), priority, seconds);
}

void drain_tasks(Platform* platform, Isolate* isolate) {
  auto flush = node_symbols().flush_foreground_tasks;
  do {
    while (!task_pool().wait_drained(now_ms() + kDrainSliceMs)) flush(platform, isolate);
  } while (flush(platform, isolate));
}

bool replace(void** entries, size_t count, void* theirs, void* ours) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    if (entries[i] != theirs) continue;
    entries[i] = ours;
    found++;
  }
  return found == 1;
}

bool replace_all(void** entries, size_t count) {
  const NodeSymbols& node = node_symbols();
  auto replace_one = [&](auto theirs, decltype(theirs) ours) {
    return replace(entries, count, reinterpret_cast<void*>(theirs), reinterpret_cast<void*>(ours));
  };
  if (!replace_one(node.drain_tasks, drain_tasks)) return false;
  if (node.post_task != nullptr) {
    return replace_one(node.post_task, post_task) && replace_one(node.post_delayed_task, post_delayed_task);
  }
  return replace_one(node.post_priority_task, post_priority_task) &&
         replace_one(node.post_delayed_priority_task, post_delayed_priority_task);
}

}  // namespace

TakeOver take_over_tasks() {
  if (taken != nullptr) return TakeOver::done;
  const NodeSymbols& node = node_symbols();
  Platform* platform = current_platform();
  if (platform == nullptr || *table_of(platform) != node.platform_entries) return TakeOver::unknown_platform;
  if (own_entries == nullptr) {
    size_t count = kVtableHeader + node.platform_entry_count;
    auto* copy = new void*[count];
    std::memcpy(copy, node.platform_entries - kVtableHeader, count * sizeof(void*));
    if (!replace_all(copy + kVtableHeader, node.platform_entry_count)) {
      delete[] copy;
      return TakeOver::unknown_table;
    }
    own_entries = copy + kVtableHeader;
  }
  unsigned threads = node_worker_threads();
  task_pool().configure(threads, node.drains_user_blocking_only);
  taken = platform;
  // One aligned store: a task that runs meanwhile sees the old table or the new one.
  __atomic_store_n(table_of(platform), own_entries, __ATOMIC_SEQ_CST);
  return TakeOver::done;
}

void give_back_tasks() {
  if (taken == nullptr) return;
  __atomic_store_n(table_of(taken), node_symbols().platform_entries, __ATOMIC_SEQ_CST);
  taken = nullptr;
}

bool tasks_taken_over() { return taken != nullptr; }

unsigned node_worker_threads() {
  Platform* platform = taken != nullptr ? taken : current_platform();
  // What Node counts includes the thread that waits for delayed tasks (WorkerThreadsTaskRunner::threads_).
  int threads = node_symbols().number_of_worker_threads(platform);
  return threads > 1 ? static_cast<unsigned>(threads - 1) : 0;
}

void post_to_node(Task* task) {
  const NodeSymbols& node = node_symbols();
  Task* given = task;
  if (node.post_task != nullptr) {
    node.post_task(taken, &given);
  } else {
    // The lowest priority, so that it is behind everything else that is queued.
    static const SourceLocation nowhere{"", "", 0};
    node.post_priority_task(taken, TaskPriority::best_effort, &given, nowhere);
  }
}

}  // namespace prefork::addon
