// Paths that were asked for, where nothing was.
#pragma once

#include <errno.h>

#include "recorder/record.h"

namespace prefork::recorder {

// To be called right after a function that has asked for a path: records where that has failed because nothing was there.
inline void asked(int directory, const char *path, bool failed) {
  if (failed && (errno == ENOENT || errno == ENOTDIR) && path != nullptr && is_recording()) record(Kind::absent, directory, path);
}

}  // namespace prefork::recorder
