#include "client/limits.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/failure.h"

namespace prefork::client {

namespace {

rlimit limits[RESOURCES];
bool known = false;

int read_limit(int resource, rlimit *limit) {
#ifdef __LP64__
  // The C library makes prlimit64(2) of it, which takes twice as long; with 64 bits both give the same.
  return static_cast<int>(syscall(SYS_getrlimit, resource, limit));
#else
  return getrlimit(static_cast<__typeof__(RLIMIT_CPU)>(resource), limit);
#endif
}

}  // namespace

const rlimit *resource_limits() {
  for (int resource = 0; !known && resource < RESOURCES; resource++) {
    if (read_limit(resource, &limits[resource]) != 0) {
      fail(Line().text("cannot read resource limit ").number(resource).error(errno));
    }
  }
  known = true;
  return limits;
}

}  // namespace prefork::client
