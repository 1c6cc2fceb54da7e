// The rest of a call: while the script runs, and when it has ended.
#pragma once

#include "client/call_context.h"

namespace prefork::client {

// Waits for the status of the call, and ends as the script ended.
[[noreturn]] void relay(int connection, const Context &context);

// Ends this process as setup ended: same exit status, or same signal.
[[noreturn]] void end_as_setup(int wait_status, const Context &context);

}  // namespace prefork::client
