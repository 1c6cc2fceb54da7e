// Running directly: as if there were no prefork-interp.
#pragma once

#include "client/call_context.h"

namespace prefork::client {

// This process becomes the interpreter, with what the caller gave it: arguments, environment without PREFORK_INTERP, descriptors, signals.
// Fails where that cannot be executed. `why` is for PREFORK_INTERP_DEBUG.
[[noreturn]] void run_directly(const Context &context, const char *why);

// From now on that is done instead of failing, but for a call that is strict.
void run_directly_instead_of_failing(const Context &context);

}  // namespace prefork::client
