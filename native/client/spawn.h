// Starting a server: socket, watcher, setup.
#pragma once

#include "client/interpreter.h"
#include "client/rendezvous.h"

namespace prefork::client {

// Starts one, for which the caller holds the lock, and returns the connection of the first call, greeted. Where setup fails,
// this process ends as setup did, and nothing is left behind.
int start_server(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous, int lock);

}  // namespace prefork::client
