#include "recorder/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "recorder/next.h"

namespace prefork::recorder {

namespace {

// A program of a thousand modules needs one of these megabytes. Only what is used of it is ever there.
constexpr size_t CAPACITY = 32 * 1024 * 1024;

// No page is larger, so that all of it can be given back.
alignas(65536) unsigned char records[CAPACITY];

size_t used = 0;
bool recording = true;

// What was last recorded of those paths that programs ask for again and again, by a hash of it. Of 2^64 of them two are taken for one.
constexpr size_t REMEMBERED = 4096;
uint64_t remembered[REMEMBERED];

// The C library's own function, and not the one that stands in front of it.
auto system_call() {
  static long (*kept)(long, ...) = nullptr;
  return next(&kept, "syscall");
}

// The number that stat(2) has for a device. Not makedev(3), which is a function in some C libraries and in others is not.
uint64_t device_number(uint64_t major, uint64_t minor) {
  return (minor & 0xff) | (major & 0xfff) << 8 | (minor & 0xffffff00) << 12 | (major & 0xfffff000) << 32;
}

int64_t nanoseconds(const struct statx_timestamp &time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

// Fills in which file is open; false where it is no regular one. Not fstat(2): older C libraries do not have it as a function.
bool describe(int descriptor, Record *record) {
  struct statx file;
  if (system_call()(SYS_statx, descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &file) != 0) {
    // No such system call, or it is forbidden: that it was read is known all the same.
    return true;
  }
  if (!S_ISREG(file.stx_mode)) return false;
  record->device = device_number(file.stx_dev_major, file.stx_dev_minor);
  record->inode = file.stx_ino;
  record->size = file.stx_size;
  record->modified_ns = nanoseconds(file.stx_mtime);
  record->changed_ns = nanoseconds(file.stx_ctime);
  // By the clock that file systems go by.
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0) record->read_ns = now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
  return true;
}

// What a path without a slash in front is seen from, or "" where that cannot be known.
void find_directory(int directory, char (&out)[PATH_MAX]) {
  if (directory == AT_FDCWD) {
    if (getcwd(out, sizeof(out)) == nullptr || out[0] != '/') out[0] = 0;
    return;
  }
  // "/proc/self/fd/" and the number, without a function that may take memory.
  char link[40] = "/proc/self/fd/";
  char digits[12];
  char *at = digits + sizeof(digits);
  *--at = 0;
  auto rest = static_cast<unsigned>(directory);
  do *--at = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) != 0);
  strcpy(link + strlen(link), at);
  const long length = system_call()(SYS_readlinkat, AT_FDCWD, link, out, sizeof(out) - 1);
  out[length > 0 && out[0] == '/' ? length : 0] = 0;
}

void write_down(Record *record, const char *directory, const char *path) {
  const size_t before = strlen(directory);
  const size_t length = strlen(path);
  if (length == 0 || length >= PATH_MAX) return;
  const size_t whole = (sizeof(Record) + before + 1 + length + 1 + 7) / 8 * 8;
  const size_t at = __atomic_fetch_add(&used, whole, __ATOMIC_RELAXED);
  if (at + whole > CAPACITY) {
    // All of it is lost: no more is of any use.
    __atomic_store_n(&recording, false, __ATOMIC_RELEASE);
    return;
  }
  unsigned char *place = records + at;
  record->length = static_cast<uint32_t>(whole);
  memcpy(place, record, sizeof(Record));
  place += sizeof(Record);
  memcpy(place, directory, before);
  if (before > 0) place[before] = '/';
  memcpy(place + before + (before > 0 ? 1 : 0), path, length);
}

// A function of its own: most paths are absolute, and a handler's stack may be small.
__attribute__((noinline)) void write_down_relative(Record *record, int directory, const char *path) {
  char seen_from[PATH_MAX];
  find_directory(directory, seen_from);
  // Where it is not known from where, it is not known what.
  if (seen_from[0] != 0) write_down(record, seen_from, path);
}

// FNV-1a.
uint64_t hash(Kind kind, const char *path) {
  uint64_t hash = 0xcbf29ce484222325 ^ static_cast<uint64_t>(kind);
  for (; *path != 0; path++) hash = (hash ^ static_cast<unsigned char>(*path)) * 0x100000001b3;
  return hash;
}

// Whether the same was recorded not long ago. Once more would say nothing new.
bool is_known(Kind kind, const char *path) {
  const uint64_t own = hash(kind, path);
  uint64_t *place = &remembered[own % REMEMBERED];
  if (__atomic_load_n(place, __ATOMIC_RELAXED) == own) return true;
  __atomic_store_n(place, own, __ATOMIC_RELAXED);
  return false;
}

const unsigned char *end(size_t *length) {
  __atomic_store_n(&recording, false, __ATOMIC_RELEASE);
  *length = used;
  return used <= CAPACITY ? records : nullptr;
}

// Not unmapped: a thread that has just begun to record must not fall into a hole.
void forget() { madvise(records, sizeof(records), MADV_DONTNEED); }

}  // namespace

bool is_recording() { return __atomic_load_n(&recording, __ATOMIC_ACQUIRE); }

void record(Kind kind, int directory, const char *path, int descriptor) {
  const int error = errno;
  Record record{};
  record.kind = kind;
  // No regular file: that it is there is what is known of it.
  if (descriptor >= 0 && !describe(descriptor, &record)) record.kind = Kind::found;
  if (path[0] != '/') write_down_relative(&record, directory, path);
  else if (record.kind == Kind::read || !is_known(record.kind, path)) write_down(&record, "", path);
  errno = error;
}

extern "C" __attribute__((visibility("default"))) const Recorder prefork_interp_recorder;
const Recorder prefork_interp_recorder{VERSION, end, forget};

}  // namespace prefork::recorder
