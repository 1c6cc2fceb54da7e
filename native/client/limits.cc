#include "client/limits.h"

#include <errno.h>

#include "client/failure.h"

namespace prefork::client {

namespace {

rlimit limits[RESOURCES];
bool known = false;

}  // namespace

const rlimit *resource_limits() {
  for (int resource = 0; !known && resource < RESOURCES; resource++) {
    if (getrlimit(static_cast<__typeof__(RLIMIT_CPU)>(resource), &limits[resource]) != 0) {
      fail(Line().text("cannot read resource limit ").number(resource).error(errno));
    }
  }
  known = true;
  return limits;
}

}  // namespace prefork::client
