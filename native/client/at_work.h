// Whether a server has a call, as far as that can be told from outside.
#pragma once

namespace prefork::client {

// Whether the server on `socket`, a path in the run directory, may have a call now: a server must not be ended that has one. A server of version 2 is asked,
// until `deadline` (of sys::monotonic_milliseconds()) at the latest. One of version 1 cannot be asked, and what the kernel knows of it decides: its
// connections, and its children. False where nobody listens; true where it cannot be told.
bool may_be_at_work(const char *socket, long long deadline);

}  // namespace prefork::client
