// The identity of a call: which calls may share a server (docs/protocol.md).
#pragma once

#include "client/call_context.h"
#include "client/interpreter.h"

namespace prefork::client {

// By scheme 1, as released: kernel, working directory, root, and what the command line says. 64 lower-case hexadecimal
// digits and a NUL.
void released_identity(const Context &context, char (&digits)[core::IDENT_DIGITS + 1]);

// By scheme 2: the circumstances of this process, and what the command line says, with the script's absolute path. Not the working
// directory: one server serves a script from everywhere.
void own_identity(const Context &context, const Interpreter &interpreter, char (&digits)[core::IDENT_DIGITS + 1]);

}  // namespace prefork::client
