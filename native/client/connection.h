// Finding a server or starting one (docs/protocol.md), version 1; and letting one go.
#pragma once

#include "client/interpreter.h"
#include "client/rendezvous.h"

namespace prefork::client {

// Makes the call, and ends as the script ended.
[[noreturn]] void call_released(Context context, const Interpreter &interpreter, const Rendezvous &rendezvous);

// Removes the rendezvous, so that its server goes. Says so where there was none.
void kill_server(const Context &context, const Rendezvous &rendezvous);

}  // namespace prefork::client
