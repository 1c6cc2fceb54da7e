// Resource limits of this process, each asked for once: identity takes the hard ones, a call carries the soft ones.
#pragma once

#include <sys/resource.h>

namespace prefork::client {

// RLIM_NLIMITS of asm-generic/resource.h, which the C library's headers need not have.
inline constexpr int RESOURCES = 16;

// RESOURCES of them, by number; RLIM_INFINITY is none. Fails where the system does not tell.
const struct rlimit *resource_limits();

}  // namespace prefork::client
