// What a process may use: limits, priority, processors.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

namespace prefork::sys {

// A resource has no limit.
inline constexpr uint64_t NO_LIMIT = UINT64_MAX;

struct Limit {
  uint64_t soft;
  uint64_t hard;
};

// prlimit(2) of this process, 64 bits wide on every architecture.
int limit(int resource, Limit *found);
// The hard limit stays as it is; a soft one above it is EINVAL.
int set_soft_limit(int resource, uint64_t soft);

// getpriority(2) of a process, 0 for the calling thread. -1 is a nice value too: what fails is what returns -1 itself.
int priority(pid_t pid, int *nice);
// setpriority(2) of the calling thread: Linux keeps a nice value for each thread, and new ones inherit it.
int set_priority(int nice);

// Most bytes of a mask of processors: 8192 processors, as many as a kernel can be built for (NR_CPUS of x86).
inline constexpr size_t AFFINITY_BYTES = 1024;

// sched_getaffinity(2) of the calling thread: bit c of byte b is processor 8b+c, on every byte order. Returns how many
// bytes the kernel's mask has.
int affinity(uint8_t (&mask)[AFFINITY_BYTES]);
// sched_setaffinity(2) of the calling thread. The kernel takes no notice of processors beyond its own mask; here they
// are EINVAL, as are those within it that are not there.
int set_affinity(const uint8_t *mask, size_t size);

}  // namespace prefork::sys
