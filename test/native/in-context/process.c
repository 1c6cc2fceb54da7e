// What the command inherits beside its credentials: descriptors, signals, namespaces.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context.h"

void close_descriptor(const char *fd) {
  if (close((int)number_of(fd)) != 0) cannot("close %s", fd);
}

static int signal_of(const char *name) {
  for (int number = 1; number < NSIG; number++) {
    const char *abbreviation = sigabbrev_np(number);
    if (abbreviation != NULL && strcmp(abbreviation, name) == 0) return number;
  }
  return (int)number_of(name);
}

void ignore_signal(const char *name) {
  if (signal(signal_of(name), SIG_IGN) == SIG_ERR) cannot("signal %s", name);
}

void block_signal(const char *name) {
  sigset_t set;
  sigemptyset(&set);
  if (sigaddset(&set, signal_of(name)) != 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0) cannot("sigprocmask %s", name);
}

static void write_file(const char *path, const char *text) {
  const int fd = open(path, O_WRONLY);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) cannot("%s", path);
  close(fd);
}

// Who one is outside is who one is inside; setgroups(2) has to go before gid_map can be written (user_namespaces(7)).
static void enter_user_namespace(void) {
  char uid_map[64];
  char gid_map[64];
  snprintf(uid_map, sizeof uid_map, "%u %u 1", geteuid(), geteuid());
  snprintf(gid_map, sizeof gid_map, "%u %u 1", getegid(), getegid());
  if (unshare(CLONE_NEWUSER) != 0) cannot("unshare user");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", uid_map);
  write_file("/proc/self/gid_map", gid_map);
}

static int has_mounts;

static void enter_mount_namespace(void) {
  if (unshare(CLONE_NEWNS) != 0) cannot("unshare mount");
  // Otherwise what is mounted here would be mounted outside as well (mount_namespaces(7)).
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) cannot("mount MS_PRIVATE");
  has_mounts = 1;
}

// Only children get into it (unshare(2)): the first, its process 1, goes on, and this process waits for it.
static void enter_pid_namespace(void) {
  if (unshare(CLONE_NEWPID) != 0) cannot("unshare pid");
  const pid_t inside = fork();
  if (inside < 0) cannot("fork");
  if (inside == 0) {
    if (has_mounts && mount("proc", "/proc", "proc", 0, NULL) != 0) cannot("mount /proc");
    return;
  }
  int status = 0;
  if (waitpid(inside, &status, 0) < 0) cannot("waitpid");
  exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

void unshare_namespace(const char *name) {
  const struct {
    const char *name;
    int flag;
  } plain[] = {{"net", CLONE_NEWNET}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}};
  if (strcmp(name, "user") == 0) return enter_user_namespace();
  if (strcmp(name, "mount") == 0) return enter_mount_namespace();
  if (strcmp(name, "pid") == 0) return enter_pid_namespace();
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
    if (strcmp(name, plain[i].name) != 0) continue;
    if (unshare(plain[i].flag) != 0) cannot("unshare %s", name);
    return;
  }
  cannotx("no such namespace: %s", name);
}
