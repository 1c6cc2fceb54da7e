// Who the command is, and what the kernel lets it do.
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "context.h"

enum { MOST_GROUPS = 64 };

void set_no_new_privs(const char *none) {
  (void)none;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) cannot("PR_SET_NO_NEW_PRIVS");
}

static void filter(struct sock_filter *instructions, unsigned short count) {
  const struct sock_fprog program = {count, instructions};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) return;
  cannot("PR_SET_SECCOMP%s", errno == EACCES ? " (needs CAP_SYS_ADMIN, or --no-new-privs before it)" : "");
}

void filter_nothing(const char *none) {
  (void)none;
  struct sock_filter pass[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  filter(pass, 1);
}

void filter_socket(const char *none) {
  (void)none;
  // The number alone: what runs in a test is of this program's architecture.
  struct sock_filter refuse[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  filter(refuse, sizeof refuse / sizeof refuse[0]);
}

void drop_capabilities(const char *none) {
  (void)none;
  // Root gets back in execve(2) what is in the bounding set (capabilities(7)); for anybody else that set gives nothing.
  for (unsigned long cap = 0; geteuid() == 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
    if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) cannot("PR_CAPBSET_DROP %lu", cap);
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) cannot("PR_CAP_AMBIENT_CLEAR_ALL");
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const struct __user_cap_data_struct nothing[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
  if (syscall(SYS_capset, &header, nothing) != 0) cannot("capset");
}

void set_uid(const char *id) {
  const uid_t uid = (uid_t)number_of(id);
  if (setresuid(uid, uid, uid) != 0) cannot("setresuid %s", id);
}

void set_gid(const char *id) {
  const gid_t gid = (gid_t)number_of(id);
  if (setresgid(gid, gid, gid) != 0) cannot("setresgid %s", id);
}

void set_groups(const char *list) {
  gid_t groups[MOST_GROUPS];
  size_t count = 0;
  char *copy = strdup(list);
  for (char *item = strtok(copy, ","); item != NULL; item = strtok(NULL, ",")) {
    if (count == MOST_GROUPS) cannotx("more than %d groups", MOST_GROUPS);
    groups[count++] = (gid_t)number_of(item);
  }
  free(copy);
  if (setgroups(count, groups) != 0) cannot("setgroups %s", list);
}
