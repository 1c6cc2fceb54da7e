// Files that are looked for. What counts is that one was not there.
#include <fcntl.h>
#include <sys/syscall.h>

#include "recorder/absence.h"
#include "recorder/next.h"

namespace prefork::recorder {

namespace {

int looked(int directory, const char *path, int result) {
  asked(directory, path, result != 0);
  return result;
}

}  // namespace

INTERPOSE(int, stat, const char *path, void *out) { return looked(AT_FDCWD, path, next_stat()(path, out)); }
INTERPOSE(int, stat64, const char *path, void *out) { return looked(AT_FDCWD, path, next_stat64()(path, out)); }
INTERPOSE(int, lstat, const char *path, void *out) { return looked(AT_FDCWD, path, next_lstat()(path, out)); }
INTERPOSE(int, lstat64, const char *path, void *out) { return looked(AT_FDCWD, path, next_lstat64()(path, out)); }
INTERPOSE(int, fstatat, int directory, const char *path, void *out, int flags) {
  return looked(directory, path, next_fstatat()(directory, path, out, flags));
}
INTERPOSE(int, fstatat64, int directory, const char *path, void *out, int flags) {
  return looked(directory, path, next_fstatat64()(directory, path, out, flags));
}

// What programs call that were compiled with a glibc before 2.33, as the released ones of Node are. A glibc since then has these for them alone
// (dlsym(3) does not find them), and the others do the same.
INTERPOSE(int, __xstat, int version, const char *path, void *out) {
  auto *old = next___xstat();
  return looked(AT_FDCWD, path, old != nullptr ? old(version, path, out) : next_stat()(path, out));
}
INTERPOSE(int, __xstat64, int version, const char *path, void *out) {
  auto *old = next___xstat64();
  return looked(AT_FDCWD, path, old != nullptr ? old(version, path, out) : next_stat64()(path, out));
}
INTERPOSE(int, __lxstat, int version, const char *path, void *out) {
  auto *old = next___lxstat();
  return looked(AT_FDCWD, path, old != nullptr ? old(version, path, out) : next_lstat()(path, out));
}
INTERPOSE(int, __lxstat64, int version, const char *path, void *out) {
  auto *old = next___lxstat64();
  return looked(AT_FDCWD, path, old != nullptr ? old(version, path, out) : next_lstat64()(path, out));
}

INTERPOSE(int, statx, int directory, const char *path, int flags, unsigned mask, void *out) {
  return looked(directory, path, next_statx()(directory, path, flags, mask, out));
}
INTERPOSE(int, access, const char *path, int mode) { return looked(AT_FDCWD, path, next_access()(path, mode)); }
INTERPOSE(int, faccessat, int directory, const char *path, int mode, int flags) {
  return looked(directory, path, next_faccessat()(directory, path, mode, flags));
}

INTERPOSE(char *, realpath, const char *path, char *out) {
  char *found = next_realpath()(path, out);
  asked(AT_FDCWD, path, found == nullptr);
  return found;
}
INTERPOSE(void *, opendir, const char *path) {
  void *stream = next_opendir()(path);
  asked(AT_FDCWD, path, stream == nullptr);
  return stream;
}
INTERPOSE(int, scandir, const char *path, void *list, void *filter, void *compare) {
  const int count = next_scandir()(path, list, filter, compare);
  asked(AT_FDCWD, path, count < 0);
  return count;
}
INTERPOSE(int, scandir64, const char *path, void *list, void *filter, void *compare) {
  const int count = next_scandir64()(path, list, filter, compare);
  asked(AT_FDCWD, path, count < 0);
  return count;
}

// What syscall(2) passes in registers. What is on the stack, if there is anything, is left there: nothing is known of that memory.
#if defined(__x86_64__)
#define PASSED(type, a, b, c, d, e, f) type a, type b, type c, type d, type e
#else
#define PASSED(type, a, b, c, d, e, f) type a, type b, type c, type d, type e, type f
#endif

// libuv's way to statx(2). For all others this is a jump, with nothing left to be done here: one of them may return twice (vfork(2)).
INTERPOSE(long, syscall, long number, PASSED(long, a, b, c, d, e, f)) {
  if (number != SYS_statx || !is_recording()) return next_syscall()(number, PASSED(, a, b, c, d, e, f));
  const long result = next_syscall()(number, PASSED(, a, b, c, d, e, f));
  asked(static_cast<int>(a), reinterpret_cast<const char *>(b), result != 0);
  return result;
}

}  // namespace prefork::recorder
