// Files that are opened.
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "recorder/absence.h"
#include "recorder/next.h"
#include "recorder/record.h"

namespace prefork::recorder {

namespace {

constexpr unsigned WRITING = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

// Passes on what openat(2) has given.
int opened(int directory, const char *path, int flags, int descriptor) {
  if (!is_recording()) return descriptor;
  if ((static_cast<unsigned>(flags) & WRITING) != 0) {
    if (descriptor >= 0) record(Kind::made, directory, path);
  } else if (descriptor < 0) {
    asked(directory, path, true);
  } else if ((flags & O_PATH) == 0) {
    record(Kind::read, directory, path, descriptor);
  }
  return descriptor;
}

// fopen(3).
int flags_of(const char *mode) { return mode[0] == 'r' && strchr(mode, '+') == nullptr ? O_RDONLY : O_RDWR; }

}  // namespace

INTERPOSE(int, open, const char *path, int flags, unsigned mode) {
  return opened(AT_FDCWD, path, flags, next_open()(path, flags, mode));
}
INTERPOSE(int, open64, const char *path, int flags, unsigned mode) {
  return opened(AT_FDCWD, path, flags, next_open64()(path, flags, mode));
}
INTERPOSE(int, openat, int directory, const char *path, int flags, unsigned mode) {
  return opened(directory, path, flags, next_openat()(directory, path, flags, mode));
}
INTERPOSE(int, openat64, int directory, const char *path, int flags, unsigned mode) {
  return opened(directory, path, flags, next_openat64()(directory, path, flags, mode));
}
// What programs that were compiled with _FORTIFY_SOURCE call.
INTERPOSE(int, __open_2, const char *path, int flags) {
  return opened(AT_FDCWD, path, flags, next___open_2()(path, flags));
}
INTERPOSE(int, __open64_2, const char *path, int flags) {
  return opened(AT_FDCWD, path, flags, next___open64_2()(path, flags));
}
INTERPOSE(int, creat, const char *path, unsigned mode) {
  return opened(AT_FDCWD, path, O_CREAT, next_creat()(path, mode));
}
INTERPOSE(int, creat64, const char *path, unsigned mode) {
  return opened(AT_FDCWD, path, O_CREAT, next_creat64()(path, mode));
}

// A FILE: where it is, the C library alone knows.
extern "C" int fileno(void *stream);

INTERPOSE(void *, fopen, const char *path, const char *mode) {
  void *stream = next_fopen()(path, mode);
  opened(AT_FDCWD, path, flags_of(mode), stream == nullptr ? -1 : fileno(stream));
  return stream;
}
INTERPOSE(void *, fopen64, const char *path, const char *mode) {
  void *stream = next_fopen64()(path, mode);
  opened(AT_FDCWD, path, flags_of(mode), stream == nullptr ? -1 : fileno(stream));
  return stream;
}

}  // namespace prefork::recorder
