// The identity of a call: what decides which server it may use.
#pragma once

#include "client/interpreter.h"

namespace prefork::client {

// What the identity is made of: by scheme 2 where the interpreter has an adapter, otherwise by scheme 1, as the released client does (so that both find
// the same sockets), working directory included. All of it is in memory that is there until the end.
core::IdentityInput identity_parts(const Context &context, const Interpreter &interpreter);

// The identity.
void find_identity(const Context &context, const Interpreter &interpreter, char (&digits)[core::IDENT_DIGITS + 1]);

}  // namespace prefork::client
