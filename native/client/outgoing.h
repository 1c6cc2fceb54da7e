// What a client says during a call: the signals that wait, one message each.
#pragma once

#include "client/call_context.h"

namespace prefork::client {

// Sends them without waiting. False where the server has not read what it has got: the others go on waiting, as they would for a
// process that gets no processor, until the connection can be written again.
bool send_signals(int connection, const Context &context);

// A SIGCONT for a script that has stopped goes before all that wait: they may have come after the one that let this process go on, and a
// script that has not been continued does not stop again.
void send_continue_first();

// Whether a SIGCONT was sent that the server may not have seen when it said what was read last.
bool continue_is_unanswered();
void continue_is_answered();

}  // namespace prefork::client
