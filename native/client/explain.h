// What --explain prints.
#pragma once

#include "client/interpreter.h"
#include "client/rendezvous.h"

namespace prefork::client {

// Writes the rendezvous and each field of its identity to standard output, a line each, of words (docs/protocol.md), and ends the process: with 0,
// or 127 where it cannot be written.
[[noreturn]] void print_explanation(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous);

}  // namespace prefork::client
