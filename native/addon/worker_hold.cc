#include "addon/worker_hold.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "addon/platform.h"
#include "addon/sync.h"

namespace prefork::addon {

struct WorkerHold::State {
  Mutex mutex;
  Condition changed;
  std::vector<pid_t> held;
  bool released = false;
};

class WorkerHold::HoldTask : public Task {
 public:
  explicit HoldTask(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void Run() override {
    Locked locked(state_->mutex);
    state_->held.push_back(static_cast<pid_t>(::syscall(SYS_gettid)));
    state_->changed.notify_all();
    // Ends: the hold is an object on the main thread's stack, and lets go when that is left.
    while (!state_->released) state_->changed.wait(state_->mutex);
  }

 private:
  std::shared_ptr<State> state_;
};

WorkerHold::WorkerHold() : state_(std::make_shared<State>()) {}

WorkerHold::~WorkerHold() {
  Locked locked(state_->mutex);
  state_->released = true;
  state_->changed.notify_all();
}

bool WorkerHold::take(unsigned threads, int64_t deadline_ms) {
  for (unsigned i = 0; i < threads; i++) post_to_node(new HoldTask(state_));
  Locked locked(state_->mutex);
  while (state_->held.size() < threads) {
    if (now_ms() >= deadline_ms) return false;
    state_->changed.wait_until(state_->mutex, deadline_ms);
  }
  return true;
}

std::vector<pid_t> WorkerHold::tids() {
  Locked locked(state_->mutex);
  return state_->held;
}

}  // namespace prefork::addon
