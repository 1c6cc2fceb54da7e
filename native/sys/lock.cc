#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/descriptors.h"

namespace prefork::sys {

namespace {

// Each round lost means that somebody removed the file at that very moment. So often in a row is no coincidence.
constexpr int ROUNDS_LIMIT = 1000;

enum class Standing { in_place, replaced, unknown };

Standing standing(int fd, const char *path) {
  struct stat held;
  struct stat named;
  if (fstat(fd, &held) != 0) return Standing::unknown;
  if (lstat(path, &named) != 0) return errno == ENOENT ? Standing::replaced : Standing::unknown;
  return held.st_dev == named.st_dev && held.st_ino == named.st_ino ? Standing::in_place : Standing::replaced;
}

}  // namespace

int lock(int fd, LockKind kind, bool wait) {
  int operation = kind == LockKind::unlock ? LOCK_UN : kind == LockKind::shared ? LOCK_SH : LOCK_EX;
  if (!wait) operation |= LOCK_NB;
  int result;
  do {
    result = flock(fd, operation);
  } while (result != 0 && errno == EINTR);
  return result;
}

int open_locked(const char *path) {
  for (int round = 0; round < ROUNDS_LIMIT; round++) {
    const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_CREAT, 0600);
    if (fd < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    if (lock(fd, LockKind::exclusive, false) != 0) {
      close_descriptor(fd);
      return -1;
    }
    const Standing now = standing(fd, path);
    if (now == Standing::in_place) return fd;
    close_descriptor(fd);
    if (now == Standing::unknown) return -1;
  }
  errno = EBUSY;
  return -1;
}

}  // namespace prefork::sys
