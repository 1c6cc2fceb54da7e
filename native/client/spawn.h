// Starting a server: socket, watcher, setup.
#pragma once

#include "client/interpreter.h"
#include "client/rendezvous.h"

namespace prefork::client {

// Once setup has ended, the server is there and has nothing else to do than to answer its first call. Only something that
// setup left running, and that holds on to the call's descriptor, can keep the connection open without a word.
inline constexpr int FIRST_ANSWER_LIMIT_MS = 60000;

// Starts one, for which this process holds the lock, and returns the connection of the first call. Where setup fails, this
// process ends as setup did, and nothing is left behind. Until the first call is answered, a failure undoes all of it.
int start_server(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous);

// Becomes setup, with these descriptors besides the standard ones.
[[noreturn]] void become_interpreter(const Context &context, const Interpreter &interpreter, char **arguments, char **environment,
                                     const int *kept, size_t kept_count);

// The errors of a setup that has ended well, and of which nothing is heard. The script has been run by it, as a whole: it is not to
// be run again.
[[noreturn]] void fail_held_open(const Context &context);
[[noreturn]] void fail_without_server(const Context &context);

}  // namespace prefork::client
