// The environments that programs are started with.
#pragma once

#include <sys/stat.h>

#include "client/interpreter.h"

namespace prefork::client {

// The four descriptors that setup inherits (docs/protocol.md), and the path of the first.
struct Handover {
  int listener;
  int call;            // its end of the first call's socket pair
  int watcher_input;   // writing end of the watcher's standard input: only held open
  int watcher_errors;  // reading end of the watcher's standard error
  const char *socket;
};

// For setup: the caller's environment, or with laundered mediation a short one, and PREFORK_INTERP, which tells of the descriptors and of the
// socket's time stamp, and with the recorder to be preloaded; null at the end.
char **setup_environment(const Context &context, const Interpreter &interpreter, const Handover &handover,
                         const struct timespec &stamp);

// The same, but that it tells of the descriptor for a report alone (--examine).
char **examined_environment(const Context &context, const Interpreter &interpreter, int report);

// For running directly: the caller's, but for PREFORK_INTERP, which would make the script take this for its setup.
char **plain_environment();

}  // namespace prefork::client
