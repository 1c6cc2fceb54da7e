#include "sys/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/decimal.h"
#include "sys/descriptors.h"
#include "sys/small_file.h"

namespace prefork::sys {

namespace {

// linux/securebits.h and linux/capability.h, which musl does not bring along: version 3 of the structures, two words a set.
constexpr uint32_t CAPABILITY_VERSION = 0x20080522;
struct CapabilityHeader {
  uint32_t version;
  int pid;
};
struct CapabilityData {
  uint32_t effective;
  uint32_t permitted;
  uint32_t inheritable;
};

// linux/lsm.h. The number of the call is the same on every architecture; headers older than Linux 6.8 lack it.
#ifndef SYS_lsm_get_self_attr
#define SYS_lsm_get_self_attr 459
#endif
constexpr unsigned LSM_ATTRIBUTE_CURRENT = 100;

// linux/ioprio.h.
constexpr int IO_PRIORITY_OF_PROCESS = 1;

constexpr uint8_t SECCOMP_FILTERED = 2;

int rising(const void *one, const void *other) {
  const uint32_t a = *static_cast<const uint32_t *>(one);
  const uint32_t b = *static_cast<const uint32_t *>(other);
  return a < b ? -1 : a > b;
}

// Copies what stands behind `Seccomp_filters:`; that line came with Linux 5.9.
size_t seccomp_filters(char *out, size_t room) {
  static const char KEY[] = "Seccomp_filters:";
  char status[8192];
  const ssize_t got = read_small("/proc/self/status", status, sizeof(status) - 1);
  if (got <= 0) return 0;
  status[got] = 0;
  const char *found = status;
  while ((found = strchr(found, '\n')) != nullptr && strncmp(++found, KEY, sizeof(KEY) - 1) != 0) continue;
  if (found == nullptr) return 0;
  found += sizeof(KEY) - 1;
  const size_t length = strcspn(found, "\n");
  if (length > room) return 0;
  memcpy(out, found, length);
  return length;
}

// Of `mnt:[4026531841]`; 0 where there is none.
uint64_t number_in_brackets(const char *text) {
  uint64_t number = 0;
  const char *bracket = strchr(text, '[');
  if (bracket != nullptr) read_decimal(bracket + 1, &number);
  return number;
}

}  // namespace

size_t user_ids(uint32_t *ids, size_t room) {
  static_assert(sizeof(gid_t) == sizeof(uint32_t) && sizeof(uid_t) == sizeof(uint32_t));
  if (room > USER_IDS) {
    ids[0] = getuid();
    ids[1] = geteuid();
    ids[2] = getgid();
    ids[3] = getegid();
    const int groups = getgroups(static_cast<int>(room - USER_IDS), ids + USER_IDS);
    if (groups >= 0) {
      qsort(ids + USER_IDS, static_cast<size_t>(groups), sizeof(uint32_t), rising);
      return USER_IDS + static_cast<size_t>(groups);
    }
  }
  // EINVAL: there is no room for all. Asked for none, the kernel says how many there are.
  const int groups = getgroups(0, nullptr);
  return USER_IDS + (groups > 0 ? static_cast<size_t>(groups) : 0);
}

int namespaces(uint64_t (*inodes)[NAMESPACES]) {
  static const char *const NAMES[NAMESPACES] = {"mnt", "pid", "net", "user", "ipc", "uts", "cgroup", "time"};
  const int directory = open_path("/proc/self/ns", O_PATH | O_DIRECTORY);
  if (directory < 0) return -1;
  for (size_t i = 0; i < NAMESPACES; i++) {
    // Reading the link is cheaper than stat(2), for which the kernel makes an inode.
    char text[64];
    const ssize_t length = readlinkat(directory, NAMES[i], text, sizeof(text) - 1);
    text[length > 0 ? length : 0] = 0;
    (*inodes)[i] = number_in_brackets(text);
  }
  close_descriptor(directory);
  return 0;
}

size_t privileges(uint8_t (*out)[PRIVILEGES_LIMIT]) {
  const int no_new = prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL);
  // EINVAL: a kernel without seccomp.
  const int mode = prctl(PR_GET_SECCOMP, 0UL, 0UL, 0UL, 0UL);
  if (no_new < 0) return 0;
  (*out)[0] = static_cast<uint8_t>(no_new);
  (*out)[1] = static_cast<uint8_t>(mode < 0 ? 0 : mode);
  if (mode != SECCOMP_FILTERED) return 2;
  return 2 + seccomp_filters(reinterpret_cast<char *>(*out) + 2, PRIVILEGES_LIMIT - 2);
}

int capabilities(uint32_t (*words)[CAPABILITY_WORDS]) {
  CapabilityHeader header{CAPABILITY_VERSION, 0};
  CapabilityData data[2]{};
  if (syscall(SYS_capget, &header, data) != 0) return -1;
  const int secure = prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);
  const uint32_t all[CAPABILITY_WORDS] = {data[0].effective,   data[1].effective,   data[0].permitted,
                                          data[1].permitted,   data[0].inheritable, data[1].inheritable,
                                          secure < 0 ? 0U : static_cast<uint32_t>(secure)};
  memcpy(*words, all, sizeof(all));
  return 0;
}

size_t security_label(char *label) {
  // One system call where the kernel has it, and the answer of every security module.
  uint32_t size = LABEL_LIMIT;
  if (syscall(SYS_lsm_get_self_attr, LSM_ATTRIBUTE_CURRENT, label, &size, 0U) > 0) return size;
  if (errno == EOPNOTSUPP) return 0;
  // EINVAL or ENOENT: no security module gives labels.
  const ssize_t got = read_small("/proc/self/attr/current", label, LABEL_LIMIT);
  return got > 0 ? static_cast<size_t>(got) : 0;
}

int scheduling(uint32_t (*words)[SCHEDULING_WORDS]) {
  // Past the C library: musl has no sched_getscheduler(3) but one that fails.
  const long policy = syscall(SYS_sched_getscheduler, 0);
  const long priority = syscall(SYS_ioprio_get, IO_PRIORITY_OF_PROCESS, 0);
  if (policy < 0) return -1;
  (*words)[0] = static_cast<uint32_t>(policy);
  (*words)[1] = priority < 0 ? 0U : static_cast<uint32_t>(priority);
  return 0;
}

}  // namespace prefork::sys
