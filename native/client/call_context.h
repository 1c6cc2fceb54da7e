// One call of the program: what its caller gave it.
#pragma once

#include "core/core.h"

namespace prefork::client {

struct Context {
  core::Options options;
  int argument_count;
  char **arguments;  // as main() got them
};

// What the core says went wrong, as an error of the client.
[[noreturn]] void fail_with(core::Code code, const char *subject);

// The script's name for messages: the script, or the interpreter where there is none.
const char *subject_of(const Context &context);

}  // namespace prefork::client
