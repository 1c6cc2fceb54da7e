// What a server says on a connection of version 2: bytes as they come, messages as they are complete.
#pragma once

#include "core/core.h"

namespace prefork::client {

enum class Received {
  bytes,    // some came
  nothing,  // for now
  ended,    // closed, or reset
  failed,   // errno tells why
};

enum class Taken {
  message,
  none,     // all that has come is used up
  garbled,  // words_of(*code, core::messages_subject()) says what is wrong
};

// A new connection.
void begin_receiving();

// One recvmsg(2) that does not wait, once all messages that have come are taken. Their length is bounded by the core (MESSAGE_BODY_LIMIT).
Received receive_bytes(int connection);

Taken take_message(core::Message *message, core::Code *code);

// Lets nothing more come: what has come can still be read. For good (shutdown(2), SHUT_RD).
void stop_receiving(int connection);
bool receives_more();

// Whether the last message that has come is incomplete.
bool is_within_message();

}  // namespace prefork::client
