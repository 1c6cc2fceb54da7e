// What the process itself makes, replaces, removes and changes.
#include <fcntl.h>
#include <stddef.h>

#include "recorder/next.h"
#include "recorder/record.h"

namespace prefork::recorder {

namespace {

int made(int directory, const char *path, int result) {
  if (result == 0 && path != nullptr && is_recording()) record(Kind::made, directory, path);
  return result;
}
int made(const char *path, int result) { return made(AT_FDCWD, path, result); }

// mkstemp(3) and its like, which give a descriptor.
int made_file(const char *path, int descriptor) {
  made(path, descriptor >= 0 ? 0 : -1);
  return descriptor;
}

}  // namespace

INTERPOSE(int, mkdir, const char *path, unsigned mode) { return made(path, next_mkdir()(path, mode)); }
INTERPOSE(int, rmdir, const char *path) { return made(path, next_rmdir()(path)); }
INTERPOSE(int, unlink, const char *path) { return made(path, next_unlink()(path)); }
INTERPOSE(int, remove, const char *path) { return made(path, next_remove()(path)); }
INTERPOSE(int, link, const char *file, const char *path) { return made(path, next_link()(file, path)); }
INTERPOSE(int, symlink, const char *target, const char *path) { return made(path, next_symlink()(target, path)); }
INTERPOSE(int, rename, const char *from, const char *to) { return made(from, made(to, next_rename()(from, to))); }

INTERPOSE(int, mkdirat, int directory, const char *path, unsigned mode) {
  return made(directory, path, next_mkdirat()(directory, path, mode));
}
INTERPOSE(int, unlinkat, int directory, const char *path, int flags) {
  return made(directory, path, next_unlinkat()(directory, path, flags));
}
INTERPOSE(int, linkat, int from, const char *file, int to, const char *path, int flags) {
  return made(to, path, next_linkat()(from, file, to, path, flags));
}
INTERPOSE(int, symlinkat, const char *target, int directory, const char *path) {
  return made(directory, path, next_symlinkat()(target, directory, path));
}
INTERPOSE(int, renameat, int from, const char *old, int to, const char *path) {
  return made(from, old, made(to, path, next_renameat()(from, old, to, path)));
}
INTERPOSE(int, renameat2, int from, const char *old, int to, const char *path, unsigned flags) {
  return made(from, old, made(to, path, next_renameat2()(from, old, to, path, flags)));
}

// What changes when nothing else does is the time of the change, by which a file is told from another.
INTERPOSE(int, chmod, const char *path, unsigned mode) { return made(path, next_chmod()(path, mode)); }
INTERPOSE(int, fchmodat, int directory, const char *path, unsigned mode, int flags) {
  return made(directory, path, next_fchmodat()(directory, path, mode, flags));
}
INTERPOSE(int, chown, const char *path, unsigned user, unsigned group) { return made(path, next_chown()(path, user, group)); }
INTERPOSE(int, lchown, const char *path, unsigned user, unsigned group) { return made(path, next_lchown()(path, user, group)); }
INTERPOSE(int, utimes, const char *path, const void *times) { return made(path, next_utimes()(path, times)); }
INTERPOSE(int, utimensat, int directory, const char *path, const void *times, int flags) {
  return made(directory, path, next_utimensat()(directory, path, times, flags));
}

INTERPOSE(char *, mkdtemp, char *path) {
  char *found = next_mkdtemp()(path);
  if (found != nullptr && is_recording()) record(Kind::temporary, AT_FDCWD, path);
  return found;
}
INTERPOSE(int, mkstemp, char *path) { return made_file(path, next_mkstemp()(path)); }
INTERPOSE64(int, mkstemp, char *path) { return made_file(path, next_mkstemp64()(path)); }
INTERPOSE(int, mkostemp, char *path, int flags) { return made_file(path, next_mkostemp()(path, flags)); }
INTERPOSE64(int, mkostemp, char *path, int flags) { return made_file(path, next_mkostemp64()(path, flags)); }

}  // namespace prefork::recorder
