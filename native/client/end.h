// Ending as another process ended.
#pragma once

#include "client/call_context.h"

namespace prefork::client {

// Ends this process by a signal.
[[noreturn]] void end_by(int signal);

// Ends it as a server's wait status says, by this table of meanings (docs/exit-codes.md).
[[noreturn]] void end_as_told(core::WaitTable table, uint32_t wait_status, const Context &context);

// Ends it because the server is gone while the script ran: `how` says what was seen of that.
[[noreturn]] void fail_lost(const Context &context, const char *how);

}  // namespace prefork::client
