// What the watcher is told on its command line, by which it is also recognised.
#pragma once

namespace prefork::client {

inline constexpr char WATCHER_NAME[] = "prefork-interp: watcher";
inline constexpr char WATCHER_THREAD_NAME[] = "prefork-watcher";

// Places in its arguments: name, socket's path, device and inode in decimal.
inline constexpr int WATCHER_PATH = 1;
inline constexpr int WATCHER_DEVICE = 2;
inline constexpr int WATCHER_INODE = 3;
inline constexpr int WATCHER_ARGUMENT_COUNT = 4;

}  // namespace prefork::client
