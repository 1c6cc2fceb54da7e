#include "addon/pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "addon/import_slot.h"

namespace prefork::addon {

namespace {

// proc_pid_maps(5): "start-end perms offset major:minor inode path". A path is at most PATH_MAX, so a line fits.
constexpr size_t kBufferBytes = 64 * 1024;

struct Mapping {
  uintptr_t start;
  uintptr_t end;
  bool anonymous;
};

const char* skip_field(const char* at, const char* end) {
  while (at < end && *at != ' ') at++;
  while (at < end && *at == ' ') at++;
  return at;
}

const char* read_hex(const char* at, const char* end, uintptr_t* value) {
  *value = 0;
  for (; at < end; at++) {
    uintptr_t digit;
    if (*at >= '0' && *at <= '9') {
      digit = static_cast<uintptr_t>(*at - '0');
    } else if (*at >= 'a' && *at <= 'f') {
      digit = static_cast<uintptr_t>(*at - 'a' + 10);
    } else {
      break;
    }
    *value = *value << 4 | digit;
  }
  return at;
}

bool begins_with(const char* at, const char* end, const char* prefix) {
  size_t length = strlen(prefix);
  return static_cast<size_t>(end - at) >= length && memcmp(at, prefix, length) == 0;
}

// One line, without its newline.
Mapping parse(const char* line, const char* end) {
  Mapping mapping{};
  const char* at = read_hex(line, end, &mapping.start);
  if (at < end) at = read_hex(at + 1, end, &mapping.end);
  at = skip_field(at, end);            // to the permissions
  at = skip_field(at, end);            // to the offset
  at = skip_field(at, end);            // to the device
  const char* inode = skip_field(at, end);
  const char* path = skip_field(inode, end);
  // V8 allocates nothing but private anonymous memory, which has no inode and no path, or a name that prctl(2)
  // PR_SET_VMA gave. The kernel's own ([stack], [vdso], ...) are never marked, and some of them refuse madvise.
  mapping.anonymous = begins_with(inode, end, "0") && (path == end || begins_with(path, end, "[anon:"));
  return mapping;
}

int undo_mark(const Mapping& mapping) {
  if (!mapping.anonymous || mapping.end <= mapping.start) return 0;
  return ::madvise(reinterpret_cast<void*>(mapping.start), mapping.end - mapping.start, MADV_DOFORK);
}

// All whole lines of a buffer. How many bytes they were, or -1 with errno.
ssize_t undo_marks(const char* buffer, const char* end) {
  const char* line = buffer;
  for (;;) {
    auto* newline = static_cast<const char*>(memchr(line, '\n', static_cast<size_t>(end - line)));
    if (newline == nullptr) return line - buffer;
    if (undo_mark(parse(line, newline)) != 0) return -1;
    line = newline + 1;
  }
}

int undo_marks_in(int maps) {
  // Static: a buffer from malloc would change the map that is being read.
  static char buffer[kBufferBytes];
  size_t kept = 0;
  for (;;) {
    ssize_t got = ::read(maps, buffer + kept, sizeof buffer - kept);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return static_cast<int>(got);
    size_t filled = kept + static_cast<size_t>(got);
    ssize_t done = undo_marks(buffer, buffer + filled);
    if (done < 0) return -1;
    kept = filled - static_cast<size_t>(done);
    memmove(buffer, buffer + done, kept);
  }
}

bool marking_stopped = false;
bool marks_undone = false;

int madvise_for_forks(void* address, size_t length, int advice) {
  return advice == MADV_DONTFORK ? 0 : ::madvise(address, length, advice);
}

}  // namespace

void stop_marking_pages() {
  if (!marking_stopped) marking_stopped = redirect_import("madvise", reinterpret_cast<void*>(madvise_for_forks));
}

int make_pages_inheritable() {
  if (marking_stopped && marks_undone) return 0;
  int maps = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return -1;
  int result = undo_marks_in(maps);
  int error = errno;
  ::close(maps);
  errno = error;
  marks_undone = result == 0;
  return result;
}

}  // namespace prefork::addon
