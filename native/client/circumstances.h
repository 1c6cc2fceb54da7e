// The circumstances of a call: what the kernel has set for this process, decides what a script can do, and cannot be handed to a process that is there
// already. By scheme 2 each is part of the identity, so that a server is shared only among those who agree in all of them.
//
// What can be handed over is not among them: working directory, umask, soft limits, nice value, processors, environment.
#pragma once

#include "client/interpreter.h"

namespace prefork::client {

// Fields in the order of their tags, in memory that is there until the end.
struct Circumstances {
  const core::ContextField *fields;
  size_t count;
};

// Asks for all of them: 42 system calls, told in docs/protocol.md. What the system does not have or does not tell is an
// empty field.
Circumstances gather_circumstances(const Context &context, const Interpreter &interpreter);

}  // namespace prefork::client
