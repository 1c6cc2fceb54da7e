#include "sys/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/descriptors.h"

namespace prefork::sys {

ssize_t read_small(const char *path, char *out, size_t size) {
  const int fd = open_path(path, O_RDONLY);
  if (fd < 0) return -1;
  ssize_t got;
  do {
    got = read(fd, out, size);
  } while (got < 0 && errno == EINTR);
  close_descriptor(fd);
  return got;
}

}  // namespace prefork::sys
