// The interpreter: which program it is, and what is added to its arguments.
#pragma once

#include <limits.h>

#include "client/call_context.h"

namespace prefork::client {

struct Interpreter {
  char program[PATH_MAX];  // what is to be executed
  char adapter[PATH_MAX];  // the file to have it load first, or ""
};

// Finds it as execvp(3) would, so that one that is missing is an error before anything has been made. Fails where it cannot be
// run.
void find_interpreter(const char *name, Interpreter *interpreter);

// The arguments for setup: interpreter, adapter, interpreter's arguments, script, script's arguments; null at the end.
char **setup_arguments(const Context &context, const Interpreter &interpreter);

}  // namespace prefork::client
