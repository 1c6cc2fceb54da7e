// Files that are opened.
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "recorder/asked.h"
#include "recorder/next.h"
#include "recorder/record.h"

namespace prefork::recorder {

namespace {

constexpr unsigned WRITING = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

// Passes on what openat(2) has given.
int opened(int directory, const char *path, int given, int descriptor) {
  if (!is_recording() || path == nullptr) return descriptor;
  const auto flags = static_cast<unsigned>(given);
  if (descriptor < 0) {
    missed(directory, path);
    return descriptor;
  }
  if ((flags & O_PATH) != 0) {
    record((flags & O_NOFOLLOW) != 0 ? Kind::found_itself : Kind::found, directory, path);
    return descriptor;
  }
  // It has no name, and `path` is the directory in which it may get one.
  if ((flags & O_TMPFILE) == O_TMPFILE) return descriptor;
  const bool writing = (flags & WRITING) != 0;
  // What is made where it is missing is a log, a lock, a database: what others write there is not what this process is made from.
  const bool reading = !writing || (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) == O_RDWR;
  if (reading) record(Kind::read, directory, path, descriptor);
  if (writing) record(Kind::made, directory, path);
  return descriptor;
}

// fopen(3).
int flags_of(const char *mode) {
  if (mode[0] != 'r') return O_WRONLY | O_CREAT;
  return strchr(mode, '+') == nullptr ? O_RDONLY : O_RDWR;
}

}  // namespace

INTERPOSE(int, open, const char *path, int flags, unsigned mode) {
  return opened(AT_FDCWD, path, flags, next_open()(path, flags, mode));
}
INTERPOSE64(int, open, const char *path, int flags, unsigned mode) {
  return opened(AT_FDCWD, path, flags, next_open64()(path, flags, mode));
}
INTERPOSE(int, openat, int directory, const char *path, int flags, unsigned mode) {
  return opened(directory, path, flags, next_openat()(directory, path, flags, mode));
}
INTERPOSE64(int, openat, int directory, const char *path, int flags, unsigned mode) {
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
INTERPOSE64(int, creat, const char *path, unsigned mode) {
  return opened(AT_FDCWD, path, O_CREAT, next_creat64()(path, mode));
}

// A FILE: where it is, the C library alone knows.
extern "C" int fileno(void *stream);

INTERPOSE(void *, fopen, const char *path, const char *mode) {
  void *stream = next_fopen()(path, mode);
  opened(AT_FDCWD, path, flags_of(mode), stream == nullptr ? -1 : fileno(stream));
  return stream;
}
INTERPOSE64(void *, fopen, const char *path, const char *mode) {
  void *stream = next_fopen64()(path, mode);
  opened(AT_FDCWD, path, flags_of(mode), stream == nullptr ? -1 : fileno(stream));
  return stream;
}

}  // namespace prefork::recorder
