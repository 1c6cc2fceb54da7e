// Adapters: what an interpreter loads first, so that a script needs nothing installed beside it.
#pragma once

#include <limits.h>

namespace prefork::client {

// The adapter for this program, or "" where there is none for it. It lies at a fixed place from this very program.
void find_adapter(const char *program, char (*adapter)[PATH_MAX]);

}  // namespace prefork::client
