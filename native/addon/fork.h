// The fork of a live Node process.
#pragma once

#include <sys/types.h>
#include <uv.h>

#include <cstdint>

namespace prefork::addon {

struct ForkResult {
  enum Outcome {
    forked,
    // V8 had work in the background for all of the time given.
    busy,
    failed,
  } outcome;
  // forked: as fork(2) returns it.
  pid_t pid;
  // failed: errno, and the call that failed.
  int error;
  const char* call;
};

// Waits until nothing runs in V8 but this thread, and forks. In the child, `loop` and the task pool are made anew.
ForkResult fork_process(uv_loop_t* loop, int64_t deadline_ms);

// Takes V8's tasks over and learns which threads are Node's. False, and nothing changed, where Node's threads did not
// come to rest by the deadline. Call it with the platform taken over.
bool settle_node_threads(int64_t deadline_ms);

}  // namespace prefork::addon
