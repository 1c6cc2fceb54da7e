// --examine: setup alone.
#pragma once

#include "client/interpreter.h"

namespace prefork::client {

// Becomes setup, which writes its report to descriptor 3 and makes no server (docs/protocol.md). Fails for an interpreter without an adapter: nothing
// in it would know what to examine.
[[noreturn]] void become_examined(const Context &context, const Interpreter &interpreter);

}  // namespace prefork::client
