// The listening socket of a rendezvous.
#pragma once

#include <sys/stat.h>

#include "client/rendezvous.h"

namespace prefork::client {

struct Listener {
  int fd;                // non-blocking, close-on-exec
  struct stat identity;  // of the socket file: its inode, and its time stamp, which is the server's
};

// Puts a new socket in place of whatever is there. The caller holds the lock.
Listener listen_at(const Rendezvous &rendezvous);

}  // namespace prefork::client
