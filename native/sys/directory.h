// Directories: the names in one.
#pragma once

namespace prefork::sys {

// Calls `visit` for each name in the directory, `.` and `..` left out; `directory` is the descriptor of the listing itself.
// A visit that returns false ends the listing. -1 with errno where the directory cannot be read.
int each_entry(const char *path, bool (*visit)(const char *name, int directory, void *context), void *context);

}  // namespace prefork::sys
