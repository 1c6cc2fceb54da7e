// The message of version 2 that offers a call: all that a process has from its caller, and that the script's is to have as well.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "client/call_context.h"

namespace prefork::client {

struct CallMessage {
  const uint8_t *bytes;  // until the next call_message()
  size_t length;
  int descriptors[core::CALL_DESCRIPTORS];  // to be attached to the first byte
  size_t descriptor_count;
  int working_directory;  // the last of them, and ours to close; the others are standard descriptors
};

// Fails where something cannot be had or does not fit: a script would run with less than its caller has given it.
CallMessage call_message(const Context &context);

// Fails where the working directory is one that cannot be handed on.
void check_working_directory(const Context &context);

}  // namespace prefork::client
