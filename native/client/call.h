// One call on a connection, v1: the server greets, the client sends its request.
#pragma once

#include "client/call_context.h"

namespace prefork::client {

enum class Greeting {
  complete,  // a server is there, and waits for the request
  ended,     // the connection ended before the first byte: there is no server
  late,      // nothing came within the limit
};

// Waits for the greeting, for ever where `milliseconds` is negative: a server that has its hands full greets when it has time.
// Fails on anything that is no greeting, and on one that ends before it is whole.
Greeting read_greeting(int connection, const Context &context, int milliseconds);

// Sends standard input, output and error, the environment and the arguments. False where the server has closed the connection
// before all was sent: then it cannot have run the call, which may be made anew.
bool send_request(int connection, const Context &context);

}  // namespace prefork::client
