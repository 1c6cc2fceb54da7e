#include "addon/loop.h"

#include "addon/loop_watchers.h"

namespace prefork::addon {

namespace {

// The handles whose uv_async_send() has not been answered yet: a fork in libuv forgets that they were called (18: and
// never lets them be called again). What waits behind them would be lost: a compiled WebAssembly module, a message, a
// finished request.
std::vector<uv_async_t*> pending_asyncs(uv_loop_t* loop) {
  std::vector<uv_async_t*> pending;
  uv_walk(
      loop,
      [](uv_handle_t* handle, void* list) {
        auto* async = reinterpret_cast<uv_async_t*>(handle);
        if (handle->type == UV_ASYNC && !uv_is_closing(handle) && async->pending != 0) {
          static_cast<std::vector<uv_async_t*>*>(list)->push_back(async);
        }
      },
      &pending);
  // The thread pool's own is not among those that can be walked.
  if (loop->wq_async.pending != 0) pending.push_back(&loop->wq_async);
  return pending;
}

}  // namespace

int renew_loop_after_fork(uv_loop_t* loop) {
  std::vector<uv_async_t*> pending = pending_asyncs(loop);
  HiddenWatchers watchers(loop);
  int error = uv_loop_fork(loop);
  if (error != 0) return error;
  watchers.renew();
  for (uv_async_t* async : pending) {
    async->pending = 0;
    uv_async_send(async);
  }
  // The parent may have waited in a poll(2) of its own for hours: a timer started now would count from before that.
  uv_update_time(loop);
  return 0;
}

}  // namespace prefork::addon
