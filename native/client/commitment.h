// Finding a server or starting one (docs/protocol.md), version 2: until the call is committed.
#pragma once

#include "client/interpreter.h"
#include "client/rendezvous.h"

namespace prefork::client {

// So often has a server gone after it had let us wait. It is no coincidence, and no use.
inline constexpr int LOST_SERVERS_LIMIT = 100;

// Makes the call, and ends as the script ended.
[[noreturn]] void call_ours(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous);

// The script runs, or will: from now on nothing is undone or done instead of failing, and nobody else has to wait for this call.
void commit();

}  // namespace prefork::client
