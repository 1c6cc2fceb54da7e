// One call of the program: what its caller gave it.
#pragma once

#include <stdint.h>

#include "client/failure.h"
#include "core/core.h"

namespace prefork::client {

struct Context {
  core::Options options;
  int argument_count;
  char **arguments;  // as main() got them
};

// What the core says went wrong, in words.
Line words_of(core::Code code, const char *subject);

// The same as an error of the client; the second for what the command line is to blame for.
[[noreturn]] void fail_with(core::Code code, const char *subject);
[[noreturn]] void fail_for_good_with(core::Code code, const char *subject);

// The script's name for messages: the script, or the interpreter where there is none.
const char *subject_of(const Context &context);

}  // namespace prefork::client
