// Laundered mediation: what setup gets of the first caller's environment, for nothing else of it is to be in the server and, by that, in the calls
// of others.
#pragma once

#include "client/adapter.h"
#include "core/core.h"

namespace prefork::client {

// Where setup runs, for the caller's working directory is one of the things that it does not see.
inline constexpr char LAUNDERED_DIRECTORY[] = "/";

// The short environment; null at the end.
char **laundered_environment(const core::Options &options, const Adapted &adapted);

}  // namespace prefork::client
