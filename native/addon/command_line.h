// What /proc/self/cmdline and so ps(1) show.
#pragma once

#include <cstddef>

namespace prefork::addon {

// Shows these arguments, each with its NUL. -1 with errno where the kernel lets neither the place nor the length be
// changed, and what fits has been shown. `apart`: not where process.title is read from and written to, which stays what it is.
int set_command_line(const char* line, size_t size, bool apart);

}  // namespace prefork::addon
