// The script's absolute path.
#pragma once

#include <limits.h>
#include <stddef.h>

namespace prefork::client {

// Working directory, a slash, and the path as given.
inline constexpr size_t SCRIPT_PATH_LIMIT = 2 * PATH_MAX;

// As Node's path.resolve() makes it, which is what process.argv[1] is: from the working directory, with `.` and `..` taken out as words,
// and no symbolic link followed. False with errno where it is too long, or there is no working directory for a relative one.
bool absolute_script(const char *script, char (*out)[SCRIPT_PATH_LIMIT]);

// The error for that.
[[noreturn]] void fail_without_script_path(const char *script);

}  // namespace prefork::client
