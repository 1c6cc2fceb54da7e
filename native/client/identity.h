// The identity of a call by scheme 1, as released: kernel, working directory, root, and what the command line says.
#pragma once

#include "client/call_context.h"

namespace prefork::client {

// 64 lower-case hexadecimal digits and a NUL.
void released_identity(const Context &context, char (&digits)[core::IDENT_DIGITS + 1]);

}  // namespace prefork::client
