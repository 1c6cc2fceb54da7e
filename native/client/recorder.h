// The library that records what initialisation reads (native/recorder), and how setup comes to be started with it.
#pragma once

#include "client/interpreter.h"

namespace prefork::client {

// Puts the library behind those that the environment has preloaded (LD_PRELOAD, ld.so(8)); the environment is to have room for one more. Leaves it as
// it is where the library is not there, or is none for that interpreter: the linker would complain to the caller.
void preload_recorder(const Interpreter &interpreter, char **environment);

}  // namespace prefork::client
