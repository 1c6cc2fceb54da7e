// Descriptors: which are open, where they lie, and what flags they carry.
//
// Like all of native/sys: one system facility a function, no policy, nothing printed. A function returns what the
// system call returns, with errno set on -1. C headers only, so that it compiles against musl without a C++ library.
#pragma once

#include <stddef.h>

namespace prefork::sys {

// Puts /dev/null on each of 0, 1 and 2 that the caller left closed, so that nothing opened later lands there and is
// taken for standard input or output. One poll(2) where all three are open. It is close-on-exec: whatever this process becomes has
// them closed, as the caller had.
int fill_standard_descriptors();

// Which of them the caller had open, as fill_standard_descriptors() found them: bits 0, 1 and 2.
unsigned standard_descriptors_given();

// Closes every descriptor above 2 that is not among the `count` in `keep`, close-on-exec or not. Falls back to what
// /proc/self/fd lists, and then to the limit on open files, where close_range(2) is not there (Linux before 5.9).
int close_all_except(const int *keep, size_t count);

// fcntl(2) F_DUPFD_CLOEXEC: a duplicate at `minimum` or above.
int duplicate_above(int fd, int minimum);

// openat(2) of a path, close-on-exec. Not open(3), of which musl makes two system calls: it says close-on-exec a second time
// by fcntl(2), for kernels that did not know the flag.
int open_path(const char *path, int flags);

// dup2(2), the result never close-on-exec: also where both are the same, when dup2 changes nothing.
int duplicate_to(int from, int to);

// fcntl(2) F_GETFL and F_SETFL: these belong to the open file, and so to every process that shares it.
int status_flags(int fd);
int set_status_flags(int fd, int flags);

// fcntl(2) F_SETFD.
int set_close_on_exec(int fd, bool on);

// close(2), keeping errno. On Linux the descriptor is free whatever close returns, EINTR included, so that a second try
// could close somebody else's: there is none.
void close_descriptor(int fd);

// pipe2(2), close-on-exec: [0] is read, [1] is written.
int make_pipe(int (&ends)[2]);

}  // namespace prefork::sys
