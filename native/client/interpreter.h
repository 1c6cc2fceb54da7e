// The interpreter: which program it is, and what is added to its arguments.
#pragma once

#include "client/adapter.h"
#include "client/call_context.h"

namespace prefork::client {

struct Interpreter {
  int error;               // why it cannot be run, or 0
  const char *program;     // what is to be executed
  const char *real;        // the same with no symbolic link in it
  const char *adapter;     // the file to have it load first, or ""
  const Adapted *adapted;  // the adapter's row, or null: whether the call speaks version 2
};

// Finds it as execvp(3) would, and nothing more than that.
void find_interpreter(const char *name, Interpreter *interpreter);

// Finds what is behind it, if it was found: the rest of the structure.
void find_adapter_of(Interpreter *interpreter);

// Fails where it cannot be run. Running directly then fails by the same words, unless something is there after all.
void check_interpreter(const char *name, const Interpreter &interpreter);

// The arguments for setup: interpreter, adapter, interpreter's arguments, script, script's arguments; null at the end. With laundered
// mediation the script's absolute path, and no arguments of its own.
char **setup_arguments(const Context &context, const Interpreter &interpreter);

// The arguments as if there were no prefork-interp: interpreter, its arguments, script, script's arguments; null at the end.
char **plain_arguments(const Context &context);

}  // namespace prefork::client
