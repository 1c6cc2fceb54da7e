#include "addon/threads.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "addon/loop.h"
#include "addon/task_pool.h"

namespace prefork::addon {

namespace {

// A job in libuv's pool that takes longer (a name that does not resolve) makes its thread look unknown, which is right:
// a fork would lose it.
constexpr int kPoolLimitMs = 200;
// PF_IO_WORKER of the kernel's sched.h, in field 9 of proc_pid_stat(5): a thread that the kernel made for io_uring
// (UV_USE_IO_URING in Node 20), whose rings a child would share with its parent. It may come between Node's own.
constexpr unsigned long kKernelWorker = 0x10;
// The signals that nobody can block: SIGKILL, SIGSTOP, and the two that glibc keeps for itself.
constexpr uint64_t kUnblockable = 1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1) | 1ull << 31 | 1ull << 32;
constexpr uint64_t kOnlySigusr1 = 1ull << (SIGUSR1 - 1);

// A thread that wakes up to give its task back may wait for a lock in between, for a few microseconds: so several
// looks, each later than that.
constexpr int kCalmLooks = 3;
constexpr long kLookIntervalNs = 100'000;

bool noted = false;
std::vector<pid_t> node_threads;

size_t read_file(pid_t tid, const char* name, char* buffer, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/%s", tid, name);
  FILE* file = fopen(path, "re");
  if (file == nullptr) {
    buffer[0] = '\0';
    return 0;
  }
  size_t length = fread(buffer, 1, size - 1, file);
  buffer[length] = '\0';
  fclose(file);
  return length;
}

// In the order in which they were made: the kernel walks the list that every new thread is put at the end of.
std::vector<pid_t> all_threads() {
  std::vector<pid_t> threads;
  DIR* directory = opendir("/proc/self/task");
  if (directory == nullptr) return threads;
  while (const dirent* entry = readdir(directory)) {
    pid_t tid = static_cast<pid_t>(strtol(entry->d_name, nullptr, 10));
    if (tid > 0) threads.push_back(tid);
  }
  closedir(directory);
  return threads;
}

bool is_kernel_worker(pid_t tid) {
  char stat[1024];
  read_file(tid, "stat", stat, sizeof stat);
  // The name, field 2, is in parentheses and may hold anything, so the fields are counted from the last one.
  const char* rest = strrchr(stat, ')');
  unsigned long flags = 0;
  if (rest == nullptr || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags) != 1) return false;
  return (flags & kKernelWorker) != 0;
}

// As proc_pid_stat(5) has it: R, S, D, ..; 0 for a thread that is gone.
char state_of(pid_t tid) {
  char stat[1024];
  read_file(tid, "stat", stat, sizeof stat);
  const char* rest = strrchr(stat, ')');
  return rest != nullptr && rest[1] == ' ' ? rest[2] : '\0';
}

bool all_asleep(const std::vector<pid_t>& threads) {
  return std::none_of(threads.begin(), threads.end(), [](pid_t tid) {
    char state = state_of(tid);
    return state != 'S' && state != '\0';
  });
}

uint64_t blocked_signals(pid_t tid) {
  char status[4096];
  read_file(tid, "status", status, sizeof status);
  const char* line = strstr(status, "\nSigBlk:");
  uint64_t blocked = 0;
  if (line == nullptr || sscanf(line + 1, "SigBlk: %" SCNx64, &blocked) != 1) return 0;
  return blocked;
}

std::string name_of(pid_t tid) {
  char name[64];
  size_t length = read_file(tid, "comm", name, sizeof name);
  if (length > 0 && name[length - 1] == '\n') length--;
  return std::string(name, length);
}

bool contains(const std::vector<pid_t>& list, pid_t tid) {
  return std::find(list.begin(), list.end(), tid) != list.end();
}

}  // namespace

void note_node_threads(const std::vector<pid_t>& workers) {
  noted = true;
  node_threads = workers;
  std::vector<pid_t> order = all_threads();
  order.erase(std::remove_if(order.begin(), order.end(), is_kernel_worker), order.end());
  auto is_worker = [&workers](pid_t tid) { return contains(workers, tid); };
  auto first = std::find_if(order.begin(), order.end(), is_worker);
  if (first == order.end()) return;
  // Node makes them in one go (node_platform.cc, WorkerThreadsTaskRunner): first the one for delayed tasks, with
  // SIGUSR1 blocked as in the workers, then the workers.
  if (first != order.begin() && *(first - 1) != getpid() && blocked_signals(*(first - 1)) == kOnlySigusr1) {
    node_threads.push_back(*(first - 1));
  }
  // The next one, with everything blocked, waits for SIGUSR1 to start the debugger (inspector_agent.cc,
  // StartDebugSignalHandler).
  auto after = std::find_if(order.rbegin(), order.rend(), is_worker).base();
  if (after != order.end() && (blocked_signals(*after) | kUnblockable) == ~uint64_t{0}) node_threads.push_back(*after);
}

void forget_node_threads() {
  noted = false;
  node_threads.clear();
}

bool node_threads_alive() { return noted; }

bool await_node_threads_asleep(int64_t deadline_ms) {
  int calm = 0;
  while (calm < kCalmLooks) {
    calm = all_asleep(node_threads) ? calm + 1 : 0;
    if (now_ms() >= deadline_ms) return false;
    const timespec interval{0, kLookIntervalNs};
    nanosleep(&interval, nullptr);
  }
  return true;
}

std::vector<ThreadInfo> unknown_threads() {
  // Listed first: a background task may have a thread made for another one at any moment, and the pool then knows it.
  std::vector<pid_t> threads = all_threads();
  auto remove = [&threads](const std::vector<pid_t>& known) {
    threads.erase(std::remove_if(threads.begin(), threads.end(), [&known](pid_t tid) { return contains(known, tid); }),
                  threads.end());
  };
  remove({getpid()});
  remove(node_threads);
  remove(task_pool().tids());
  if (!threads.empty()) remove(libuv_pool_threads(kPoolLimitMs));
  std::vector<ThreadInfo> named;
  for (pid_t tid : threads) {
    // One without a name has ended since.
    std::string name = name_of(tid);
    if (!name.empty()) named.push_back({tid, name});
  }
  return named;
}

}  // namespace prefork::addon
