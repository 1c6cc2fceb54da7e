// Small files that the kernel makes up as they are read, as in /proc.
#pragma once

#include <stddef.h>
#include <sys/types.h>

namespace prefork::sys {

// Reads the beginning of a file with a single read(2); returns how much that is, or -1 with errno.
ssize_t read_small(const char *path, char *out, size_t size);

}  // namespace prefork::sys
