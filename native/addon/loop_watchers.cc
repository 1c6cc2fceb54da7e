#include "addon/loop_watchers.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace prefork::addon {

namespace {

struct Watcher {
  uv_fs_event_t* handle;
  uv_fs_event_cb callback;
  std::string path;
};

// A loop that watched more than this, and forks from a watcher's callback, may take one watcher for another in that one
// callback.
constexpr int kMostNumbersPassedOver = 100 * 1000;
// What libuv walks further up the stack has a number below this; 0 while it is not known to walk anything. A child has
// its parent's stack.
int numbers_in_use = 0;

std::vector<Watcher> active_watchers(uv_loop_t* loop) {
  std::vector<Watcher> watchers;
  uv_walk(
      loop,
      [](uv_handle_t* handle, void* list) {
        if (handle->type != UV_FS_EVENT || !uv_is_active(handle)) return;
        auto* event = reinterpret_cast<uv_fs_event_t*>(handle);
        char path[PATH_MAX];
        size_t size = sizeof path;
        if (uv_fs_event_getpath(event, path, &size) != 0) return;
        static_cast<std::vector<Watcher>*>(list)->push_back({event, event->cb, std::string(path, size)});
      },
      &watchers);
  return watchers;
}

// Watches a file that nobody else has, for its number only.
int next_number(int inotify) {
  int file = memfd_create("prefork-interp", MFD_CLOEXEC);
  if (file < 0) return -1;
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  int number = inotify_add_watch(inotify, path, IN_DELETE_SELF);
  if (number >= 0) inotify_rm_watch(inotify, number);
  close(file);
  return number;
}

// libuv finds a list by the number that inotify_add_watch() returns. The kernel counts up (idr_alloc_cyclic), so the
// numbers that a list still on the stack may have are passed over.
void pass_over_numbers_in_use(int inotify) {
  for (int passed = 0; passed < kMostNumbersPassedOver; passed++) {
    int number = next_number(inotify);
    if (number < 0 || number >= numbers_in_use) return;
  }
}

}  // namespace

HiddenWatchers::HiddenWatchers(uv_loop_t* loop)
    : loop_(loop), inotify_(loop->inotify_fd), watchers_(loop->inotify_watchers) {
  loop_->inotify_fd = -1;
  loop_->inotify_watchers = nullptr;
}

HiddenWatchers::~HiddenWatchers() { show(); }

void HiddenWatchers::show() {
  if (inotify_ < 0) return;
  loop_->inotify_fd = inotify_;
  loop_->inotify_watchers = watchers_;
  inotify_ = -1;
}

void HiddenWatchers::renew() {
  int inotify = inotify_;
  show();
  if (inotify < 0) return;
  int fresh = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fresh < 0) return;
  int parents = fcntl(inotify, F_DUPFD_CLOEXEC, 0);
  // At the same number, so that libuv's own record of what it polls holds. Before anything is stopped: that must not
  // reach the parent's.
  int replaced = dup3(fresh, inotify, O_CLOEXEC);
  close(fresh);
  if (replaced >= 0) {
    std::vector<Watcher> watchers = active_watchers(loop_);
    for (const Watcher& watcher : watchers) uv_fs_event_stop(watcher.handle);
    // What is left after that is the list that libuv walks.
    if (loop_->inotify_watchers != nullptr) {
      if (numbers_in_use == 0) numbers_in_use = next_number(parents);
      pass_over_numbers_in_use(inotify);
    }
    for (const Watcher& watcher : watchers) {
      uv_fs_event_start(watcher.handle, watcher.callback, watcher.path.c_str(), 0);
    }
  }
  if (parents >= 0) close(parents);
}

}  // namespace prefork::addon
