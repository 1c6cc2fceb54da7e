#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "addon/loop.h"
#include "addon/sync.h"

namespace prefork::addon {

namespace {

// libuv's own (src/threadpool.c): how many threads there are by default, and at most.
constexpr unsigned kDefaultPool = 4;
constexpr unsigned kLargestPool = 1024;

// How many threads libuv makes, which it decides once, from the same variable.
unsigned pool_size() {
  const char* value = ::getenv("UV_THREADPOOL_SIZE");
  if (value == nullptr) return kDefaultPool;
  // As libuv reads it: atoi, 0 is 1, and more than the most is the most.
  unsigned size = static_cast<unsigned>(::atoi(value));
  if (size == 0) return 1;
  return size > kLargestPool ? kLargestPool : size;
}

// What the jobs of one round share; they keep it alive, since one that starts late outlives the round.
struct Round {
  Mutex mutex;
  Condition changed;
  std::vector<pid_t> arrived;
  bool over = false;
};

struct Job {
  uv_work_t work;
  std::shared_ptr<Round> round;
};

void arrive(uv_work_t* work) {
  auto* job = static_cast<Job*>(work->data);
  Locked locked(job->round->mutex);
  job->round->arrived.push_back(static_cast<pid_t>(::syscall(SYS_gettid)));
  job->round->changed.notify_all();
  while (!job->round->over) job->round->changed.wait(job->round->mutex);
}

void finish(uv_work_t* work, int) { delete static_cast<Job*>(work->data); }

}  // namespace

std::vector<pid_t> libuv_pool_threads(int limit_ms) {
  // A loop of its own: running the process's would run the script's callbacks in the middle of a function call.
  uv_loop_t loop;
  if (uv_loop_init(&loop) != 0) return {};
  auto round = std::make_shared<Round>();
  unsigned size = pool_size();
  std::vector<Job*> jobs;
  for (unsigned i = 0; i < size; i++) {
    auto* job = new Job{{}, round};
    job->work.data = job;
    if (uv_queue_work(&loop, &job->work, arrive, finish) != 0) {
      delete job;
      break;
    }
    jobs.push_back(job);
  }
  std::vector<pid_t> threads;
  {
    Locked locked(round->mutex);
    int64_t deadline_ms = now_ms() + limit_ms;
    while (round->arrived.size() < jobs.size() && now_ms() < deadline_ms) {
      round->changed.wait_until(round->mutex, deadline_ms);
    }
    threads = round->arrived;
    round->over = true;
    round->changed.notify_all();
  }
  // Those that no thread took yet are taken back; the loop then ends as soon as the others are through.
  for (Job* job : jobs) uv_cancel(reinterpret_cast<uv_req_t*>(&job->work));
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  return threads;
}

}  // namespace prefork::addon
