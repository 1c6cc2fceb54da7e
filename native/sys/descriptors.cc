#include "sys/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/decimal.h"
#include "sys/directory.h"
#include "sys/ready.h"

// The number is the same on every architecture (Linux 5.9 came after the tables were made one); older headers lack it.
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace prefork::sys {

namespace {

constexpr int FIRST_ABOVE_STANDARD = 3;

// All three, for a process that has never asked.
unsigned standard_given = 7;

bool is_among(int fd, const int *keep, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (keep[i] == fd) return true;
  }
  return false;
}

// The lowest kept descriptor at `from` or above, or -1.
int next_kept(int from, const int *keep, size_t count) {
  int lowest = -1;
  for (size_t i = 0; i < count; i++) {
    if (keep[i] >= from && (lowest < 0 || keep[i] < lowest)) lowest = keep[i];
  }
  return lowest;
}

int close_span(unsigned first, unsigned last) {
  return static_cast<int>(syscall(SYS_close_range, first, last, 0U));
}

// close_range(2) over the gaps between what is kept.
int close_gaps(const int *keep, size_t count) {
  int from = FIRST_ABOVE_STANDARD;
  for (;;) {
    const int kept = next_kept(from, keep, count);
    if (kept < 0) return close_span(static_cast<unsigned>(from), UINT32_MAX);
    if (kept > from && close_span(static_cast<unsigned>(from), static_cast<unsigned>(kept) - 1) != 0) return -1;
    from = kept + 1;
  }
}

struct Kept {
  const int *keep;
  size_t count;
};

bool close_listed(const char *name, int listing, void *context) {
  const auto *kept = static_cast<const Kept *>(context);
  uint64_t fd = 0;
  const char *end = read_decimal(name, &fd);
  if (end == name || *end != 0 || fd < FIRST_ABOVE_STANDARD || fd > INT_MAX || static_cast<int>(fd) == listing) return true;
  if (!is_among(static_cast<int>(fd), kept->keep, kept->count)) close(static_cast<int>(fd));
  return true;
}

int close_up_to_limit(const int *keep, size_t count) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  const int end = limit.rlim_max > INT_MAX ? INT_MAX : static_cast<int>(limit.rlim_max);
  for (int fd = FIRST_ABOVE_STANDARD; fd < end; fd++) {
    if (!is_among(fd, keep, count)) close(fd);
  }
  return 0;
}

}  // namespace

int fill_standard_descriptors() {
  pollfd standard[3] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}};
  if (wait_ready(standard, 3, 0) < 0) return -1;
  for (int fd = 0; fd < FIRST_ABOVE_STANDARD; fd++) {
    if ((standard[fd].revents & POLLNVAL) == 0) continue;
    standard_given &= ~(1U << fd);
    // The lowest free number is this one: all below it are open by now (open(2)).
    if (open("/dev/null", O_RDWR | O_CLOEXEC) < 0) return -1;
  }
  return 0;
}

unsigned standard_descriptors_given() { return standard_given; }

int close_all_except(const int *keep, size_t count) {
  if (close_gaps(keep, count) == 0) return 0;
  // ENOSYS from an old kernel, EPERM from a sandbox's filter: closing one by one does the same.
  Kept kept{keep, count};
  if (each_entry("/proc/self/fd", close_listed, &kept) == 0) return 0;
  return close_up_to_limit(keep, count);
}

int duplicate_above(int fd, int minimum) { return fcntl(fd, F_DUPFD_CLOEXEC, minimum); }

int open_path(const char *path, int flags) { return openat(AT_FDCWD, path, flags | O_CLOEXEC); }

int duplicate_to(int from, int to) {
  if (from == to) return set_close_on_exec(to, false);
  int result;
  do {
    result = dup2(from, to);
  } while (result < 0 && (errno == EINTR || errno == EBUSY));
  return result < 0 ? -1 : 0;
}

int status_flags(int fd) { return fcntl(fd, F_GETFL); }

int set_status_flags(int fd, int flags) { return fcntl(fd, F_SETFL, flags); }

int set_close_on_exec(int fd, bool on) { return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0); }

void close_descriptor(int fd) {
  const int kept = errno;
  close(fd);
  errno = kept;
}

int make_pipe(int (&ends)[2]) { return pipe2(ends, O_CLOEXEC); }

}  // namespace prefork::sys
