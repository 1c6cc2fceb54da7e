// Files that are looked for: whether one was there, and where links lead.
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "recorder/asked.h"
#include "recorder/next.h"

namespace prefork::recorder {

namespace {

// The kinds of a path that is looked at as with stat(2), and as with lstat(2).
Kind kind_for(int flags) { return (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Kind::found_itself : Kind::found; }

int looked(int directory, const char *path, int flags, int result) {
  asked(directory, path, result != 0, kind_for(flags));
  return result;
}
int followed(const char *path, int result) { return looked(AT_FDCWD, path, 0, result); }
int not_followed(const char *path, int result) { return looked(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, result); }

}  // namespace

INTERPOSE(int, stat, const char *path, void *out) { return followed(path, next_stat()(path, out)); }
INTERPOSE64(int, stat, const char *path, void *out) { return followed(path, next_stat64()(path, out)); }
INTERPOSE(int, lstat, const char *path, void *out) { return not_followed(path, next_lstat()(path, out)); }
INTERPOSE64(int, lstat, const char *path, void *out) { return not_followed(path, next_lstat64()(path, out)); }
INTERPOSE(int, fstatat, int directory, const char *path, void *out, int flags) {
  return looked(directory, path, flags, next_fstatat()(directory, path, out, flags));
}
INTERPOSE64(int, fstatat, int directory, const char *path, void *out, int flags) {
  return looked(directory, path, flags, next_fstatat64()(directory, path, out, flags));
}

// What programs call that were compiled with a glibc before 2.33, as the released ones of Node are. A glibc since then has these for them alone
// (dlsym(3) does not find them), and the others do the same.
INTERPOSE(int, __xstat, int version, const char *path, void *out) {
  auto *old = next___xstat();
  return followed(path, old != nullptr ? old(version, path, out) : next_stat()(path, out));
}
INTERPOSE(int, __xstat64, int version, const char *path, void *out) {
  auto *old = next___xstat64();
  return followed(path, old != nullptr ? old(version, path, out) : next_stat64()(path, out));
}
INTERPOSE(int, __lxstat, int version, const char *path, void *out) {
  auto *old = next___lxstat();
  return not_followed(path, old != nullptr ? old(version, path, out) : next_lstat()(path, out));
}
INTERPOSE(int, __lxstat64, int version, const char *path, void *out) {
  auto *old = next___lxstat64();
  return not_followed(path, old != nullptr ? old(version, path, out) : next_lstat64()(path, out));
}

INTERPOSE(int, access, const char *path, int mode) { return followed(path, next_access()(path, mode)); }
INTERPOSE(int, faccessat, int directory, const char *path, int mode, int flags) {
  return looked(directory, path, flags, next_faccessat()(directory, path, mode, flags));
}

INTERPOSE(ssize_t, readlink, const char *path, char *out, size_t size) {
  const ssize_t length = next_readlink()(path, out, size);
  asked(AT_FDCWD, path, length < 0, Kind::link);
  return length;
}
INTERPOSE(ssize_t, readlinkat, int directory, const char *path, char *out, size_t size) {
  const ssize_t length = next_readlinkat()(directory, path, out, size);
  asked(directory, path, length < 0, Kind::link);
  return length;
}
INTERPOSE(char *, realpath, const char *path, char *out) {
  char *found = next_realpath()(path, out);
  asked(AT_FDCWD, path, found == nullptr, Kind::resolved);
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
INTERPOSE64(int, scandir, const char *path, void *list, void *filter, void *compare) {
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
  asked(static_cast<int>(a), reinterpret_cast<const char *>(b), result != 0, kind_for(static_cast<int>(c)));
  return result;
}

// A glibc before 2.28 does not have it, and a program may do without it, as one that has its own in its place.
INTERPOSE(int, statx, int directory, const char *path, int flags, unsigned mask, void *out) {
  auto *given = next_statx();
  const long result = given != nullptr ? given(directory, path, flags, mask, out)
                                       : recorder_syscall(SYS_statx, directory, reinterpret_cast<long>(path), flags, mask, reinterpret_cast<long>(out));
  return looked(directory, path, flags, static_cast<int>(result));
}

}  // namespace prefork::recorder
