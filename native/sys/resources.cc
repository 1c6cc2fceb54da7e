#include "sys/resources.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace prefork::sys {

namespace {

constexpr size_t WORD_BYTES = sizeof(unsigned long);

// The kernel's form: an array of long, whose bytes lie as the machine has them.
struct Words {
  unsigned long words[AFFINITY_BYTES / WORD_BYTES];
};

// By the system call itself: what the C library has made of its result is 0, and this is the length.
int read_words(Words *found) {
  *found = Words{};
  return static_cast<int>(syscall(SYS_sched_getaffinity, 0, sizeof(found->words), found->words));
}

}  // namespace

int limit(int resource, Limit *found) {
  return static_cast<int>(syscall(SYS_prlimit64, 0, resource, nullptr, found));
}

int set_soft_limit(int resource, uint64_t soft) {
  Limit changed;
  if (limit(resource, &changed) != 0) return -1;
  changed.soft = soft;
  return static_cast<int>(syscall(SYS_prlimit64, 0, resource, &changed, nullptr));
}

int priority(pid_t pid, int *nice) {
  errno = 0;
  *nice = getpriority(PRIO_PROCESS, static_cast<id_t>(pid));
  return *nice == -1 && errno != 0 ? -1 : 0;
}

int set_priority(int nice) { return setpriority(PRIO_PROCESS, 0, nice); }

int affinity(uint8_t (&mask)[AFFINITY_BYTES]) {
  Words found;
  const int length = read_words(&found);
  memset(mask, 0, sizeof(mask));
  // Byte by byte, and no further than the kernel has written: the whole mask, bit by bit, took longer than the system call.
  for (size_t byte = 0; static_cast<int>(byte) < length; byte++) {
    mask[byte] = static_cast<uint8_t>(found.words[byte / WORD_BYTES] >> (byte % WORD_BYTES * 8));
  }
  return length;
}

int set_affinity(const uint8_t *mask, size_t size) {
  Words wanted;
  const int length = read_words(&wanted);
  if (length < 0) return -1;
  wanted = Words{};
  for (size_t byte = 0; byte < size; byte++) {
    if (mask[byte] == 0) continue;
    if (byte >= static_cast<size_t>(length)) {
      errno = EINVAL;
      return -1;
    }
    wanted.words[byte / WORD_BYTES] |= static_cast<unsigned long>(mask[byte]) << (byte % WORD_BYTES * 8);
  }
  return static_cast<int>(syscall(SYS_sched_setaffinity, 0, static_cast<size_t>(length), wanted.words));
}

}  // namespace prefork::sys
