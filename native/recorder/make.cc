// What the process itself makes, replaces and removes: its own business, whatever becomes of it.
#include <fcntl.h>

#include "recorder/next.h"
#include "recorder/record.h"

namespace prefork::recorder {

namespace {

int made(const char *path, int result) {
  if (result == 0 && is_recording()) record(Kind::made, AT_FDCWD, path);
  return result;
}

}  // namespace

INTERPOSE(int, mkdir, const char *path, unsigned mode) { return made(path, next_mkdir()(path, mode)); }
INTERPOSE(int, rmdir, const char *path) { return made(path, next_rmdir()(path)); }
INTERPOSE(int, unlink, const char *path) { return made(path, next_unlink()(path)); }
INTERPOSE(int, link, const char *file, const char *path) { return made(path, next_link()(file, path)); }
INTERPOSE(int, symlink, const char *target, const char *path) { return made(path, next_symlink()(target, path)); }
INTERPOSE(int, rename, const char *from, const char *to) { return made(from, made(to, next_rename()(from, to))); }

}  // namespace prefork::recorder
