// What this process is confined to: who it is, what it may do, and in which part of the system it lives. Everything here is asked of the
// kernel anew at each call, and cheap.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace prefork::sys {

// Real and effective user, real and effective group, then the supplementary groups in rising order (getuid(2) .. getgroups(2)).
// Returns how many there are in all; `ids` is filled only if it has room for all of them.
inline constexpr size_t USER_IDS = 4;
size_t user_ids(uint32_t *ids, size_t room);

// The inode numbers of /proc/self/ns/{mnt,pid,net,user,ipc,uts,cgroup,time} (namespaces(7)), 0 where the kernel has no such.
// -1 with errno where there is no /proc.
inline constexpr size_t NAMESPACES = 8;
int namespaces(uint64_t (*inodes)[NAMESPACES]);

// One byte no_new_privs, one byte the seccomp mode (prctl(2)), and where that is 2 the number of filters, as /proc/self/status
// writes it. Returns how many bytes; 0 where the kernel does not tell.
inline constexpr size_t PRIVILEGES_LIMIT = 2 + 32;
size_t privileges(uint8_t (*out)[PRIVILEGES_LIMIT]);

// Effective, permitted and inheritable capabilities, each as its lower and its upper word, and the securebits (capabilities(7)).
inline constexpr size_t CAPABILITY_WORDS = 7;
int capabilities(uint32_t (*words)[CAPABILITY_WORDS]);

// What security modules have labelled this process with: lsm_get_self_attr(2)'s structures, or where the kernel does not have that, what
// /proc/self/attr/current holds. Returns the length; 0 where there is none.
// There is room for LABEL_LIMIT bytes.
inline constexpr size_t LABEL_LIMIT = 4096;
size_t security_label(char *label);

// Scheduling policy (sched_getscheduler(2)) and I/O priority (ioprio_get(2)).
inline constexpr size_t SCHEDULING_WORDS = 2;
int scheduling(uint32_t (*words)[SCHEDULING_WORDS]);

}  // namespace prefork::sys
