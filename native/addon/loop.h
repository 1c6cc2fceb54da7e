// libuv: the event loop in a forked child, and the pool of threads that it shares between all loops.
#pragma once

#include <sys/types.h>
#include <uv.h>

#include <vector>

namespace prefork::addon {

// In a forked child: gives the loop descriptors of its own, keeps what was about to be delivered, and sets its time to
// now. 0 or libuv's error.
int renew_loop_after_fork(uv_loop_t* loop);

// The threads of libuv's pool, found by keeping all of them busy at once; fewer than all where some are at work for
// longer than `limit_ms`. Makes the pool if there is none.
std::vector<pid_t> libuv_pool_threads(int limit_ms);

}  // namespace prefork::addon
