// The offer of a call (docs/protocol.md): sending it, waiting until it is committed, withdrawing it; and the rest of the call once it is.
#pragma once

#include "client/call_context.h"
#include "client/rendezvous.h"

namespace prefork::client {

enum class Answer {
  started,  // committed: relay_call() is next
  ended,    // closed or reset before that: there is no server
  late,     // nothing within the limit
  refused,  // nothing was run and nothing will be: refusal_reason() says why
  garbled,  // what came is no v2: refusal_reason() says what is wrong with it
};

// Blocks the signals that a call's script is to get, and reads them from a descriptor from then on. Once, before the first connect:
// a signal that comes while a server is looked for or started is to find the same manners as one that comes later.
void begin_signals();

// Puts the caller's mask back and closes the descriptor: before running directly, and in what is to become setup.
void end_signals();

// Sends what is still to be sent of the call and waits for the answer. After `late` it may be called again, to wait on. Signals are seen to
// in here: a terminating one withdraws the call and ends this process, or is relayed where the call was committed after all; a
// stopping one withdraws, stops this process and, once it goes on, answers `ended`, so that all begins anew from connect.
Answer offer_call(int connection, const Context &context, const Rendezvous &rendezvous, int milliseconds);

// No executor can commit the call from here on. True where one had done so before: what it said is kept for relay_call().
bool withdraw_call(int connection);

// Of `refused` and `garbled`: until the next offer.
const char *refusal_reason();

// The rest of a committed call: relays signals and stops, and ends as the script ended.
[[noreturn]] void relay_call(int connection, const Context &context);

}  // namespace prefork::client
