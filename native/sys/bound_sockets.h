// The Unix sockets that are bound to a path, as the kernel lists them (/proc/net/unix, proc(5)).
#pragma once

namespace prefork::sys {

struct BoundSockets {
  unsigned long long listener;  // the inode of the one that listens, as links in /proc/PID/fd name it; 0: there is none
  bool connected;               // somebody has connected to it, and has been accepted or waits for that
};

// False with errno where the list cannot be read. Who listens in another network namespace is not in it.
bool look_at_bound(const char *path, BoundSockets *sockets);

}  // namespace prefork::sys
