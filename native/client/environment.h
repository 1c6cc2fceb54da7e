// The environment that setup starts with.
#pragma once

#include <sys/stat.h>

namespace prefork::client {

// The four descriptors that setup inherits (docs/protocol.md).
struct Handover {
  int listener;
  int call;            // its end of the first call's socket pair
  int watcher_input;   // writing end of the watcher's standard input: only held open
  int watcher_errors;  // reading end of the watcher's standard error
};

// The caller's environment, with PREFORK_INTERP telling of these and of the socket's time stamp; null at the end.
char **setup_environment(const Handover &handover, const struct timespec &stamp);

}  // namespace prefork::client
