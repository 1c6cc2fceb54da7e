// The file watchers of an event loop (uv_fs_event_t, behind fs.watch) in a forked child.
#pragma once

#include <uv.h>

namespace prefork::addon {

// Hides a loop's inotify instance from uv_loop_fork(), as long as this exists.
//
// libuv would renew its watchers there and then. Where the fork was made in a callback of a watcher, that frees the
// list which libuv still walks further up this very stack (uv__inotify_read), and the child crashes. And it gives up
// where a watched path is gone, the loop half renewed. So the same is done here by what any callback may call: stop and
// start.
class HiddenWatchers {
 public:
  explicit HiddenWatchers(uv_loop_t* loop);
  ~HiddenWatchers();
  HiddenWatchers(const HiddenWatchers&) = delete;
  HiddenWatchers& operator=(const HiddenWatchers&) = delete;

  // Gives the child an inotify instance of its own with the same watchers. Where none is to be had (EMFILE), it goes on
  // sharing its parent's. A path that is gone is not watched any more.
  void renew();

 private:
  void show();

  uv_loop_t* loop_;
  int inotify_;
  void* watchers_;
};

}  // namespace prefork::addon
