// Paths that were asked for, and what came of it.
#pragma once

#include <errno.h>

#include "recorder/record.h"

namespace prefork::recorder {

// To be called right after a function that has asked for a path has failed: records that nothing was there, or could be reached.
inline void missed(int directory, const char *path) {
  if (errno == ENOENT || errno == ENOTDIR) record(Kind::absent, directory, path);
  if (errno == EACCES || errno == ELOOP) record(Kind::refused, directory, path);
}

// To be called right after any that has asked: `found` is what it then was to it.
inline void asked(int directory, const char *path, bool failed, Kind found = Kind::found) {
  if (path == nullptr || path[0] == 0 || !is_recording()) return;
  if (failed) missed(directory, path);
  else record(found, directory, path);
}

}  // namespace prefork::recorder
