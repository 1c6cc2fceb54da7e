// The threads of this process, and which of them somebody would miss after a fork.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace prefork::addon {

struct ThreadInfo {
  pid_t tid;
  std::string name;
};

// Remembers which threads are Node's own: its background threads (`workers`), the thread that waits for delayed tasks,
// and the one that waits for SIGUSR1.
void note_node_threads(const std::vector<pid_t>& workers);

// In a forked child: Node's own are gone, and a number of theirs may be given to another.
void forget_node_threads();

// Whether Node's own background threads are in this process.
bool node_threads_alive();

// Waits until each of Node's own threads sleeps, in its queue as far as can be told from outside. False where one still
// runs at the deadline.
bool await_node_threads_asleep(int64_t deadline_ms);

// Threads that are none of Node's, V8's, libuv's or ours.
std::vector<ThreadInfo> unknown_threads();

}  // namespace prefork::addon
