// Stops Node's own background threads at a known place.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace prefork::addon {

// While one of these holds, each of Node's background threads is inside a task of ours and none is inside V8.
//
// Every thread takes one such task and keeps it. The queue is in order (or by priority, and these have the lowest), so
// once all threads are in, whatever was posted before has run. It also tells which threads they are: before Node 24
// they have no names.
class WorkerHold {
 public:
  WorkerHold();
  // Lets go.
  ~WorkerHold();
  WorkerHold(const WorkerHold&) = delete;
  WorkerHold& operator=(const WorkerHold&) = delete;

  // True once all `threads` are held.
  bool take(unsigned threads, int64_t deadline_ms);
  // The threads that are held.
  std::vector<pid_t> tids();

 private:
  struct State;
  class HoldTask;
  // Shared with the tasks: those that come late, after a hold was given up, still look at it.
  std::shared_ptr<State> state_;
};

}  // namespace prefork::addon
