#include "sys/process.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

// The number is the same on every architecture; headers older than Linux 5.3 lack it.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

namespace prefork::sys {

pid_t wait_for(pid_t pid, int *status, int options) {
  pid_t ended;
  do {
    ended = wait4(pid, status, options, nullptr);
  } while (ended < 0 && errno == EINTR);
  return ended;
}

int take_change(pid_t pid, Change *change, int *signal) {
  *change = Change::none;
  // The kernel does not write all of it where there is nothing to tell (waitid(2)).
  siginfo_t info{};
  const auto id = static_cast<id_t>(pid);
  int result = waitid(P_PID, id, &info, WSTOPPED | WCONTINUED | WNOHANG);
  if (result != 0 && errno == ECHILD) {
    // A child that has ended is none to a call that does not ask for ends (wait_task_zombie in kernel/exit.c).
    result = waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT);
    info.si_pid = 0;
  }
  if (result != 0) return -1;
  if (info.si_pid == 0) return 0;
  *change = info.si_code == CLD_CONTINUED ? Change::continued : Change::stopped;
  *signal = info.si_status;
  return 0;
}

int open_process(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0U)); }

int set_process_group(pid_t pid, pid_t group) { return setpgid(pid, group); }

int set_session() { return setsid() < 0 ? -1 : 0; }

pid_t parent() { return getppid(); }

int send_signal(pid_t pid_or_negative_group, int signal) { return kill(pid_or_negative_group, signal); }

int set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal)); }

void default_ignored_signals(const int *keep, size_t count) {
  for (int number = 1; number < NSIG; number++) {
    bool kept = false;
    for (size_t i = 0; i < count; i++) kept = kept || keep[i] == number;
    struct sigaction action;
    // Fails for KILL and STOP, and for those that the C library uses for its threads (signal(7)).
    if (kept || sigaction(number, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) continue;
    signal(number, SIG_DFL);
  }
}

int unblock_signals() {
  sigset_t none;
  sigemptyset(&none);
  return sigprocmask(SIG_SETMASK, &none, nullptr);
}

void end_by_signal(int number) {
  // Past the C library: musl asks every thread for it, with code that nothing else here needs.
  const uint64_t no_core[] = {0, 0};
  syscall(SYS_prlimit64, 0, RLIMIT_CORE, no_core, nullptr);
  // A core_pattern that is a pipe does not look at the limit (core(5)); it does look at this.
  prctl(PR_SET_DUMPABLE, 0UL);
  signal(number, SIG_DFL);
  // Sent while it may still be blocked, and then let through alone: another one that waits could be delivered first.
  kill(getpid(), number);
  sigset_t others;
  sigfillset(&others);
  sigdelset(&others, number);
  sigprocmask(SIG_SETMASK, &others, nullptr);
}

int set_thread_name(const char *name) { return prctl(PR_SET_NAME, name); }

int thread_name(char (&name)[16]) { return prctl(PR_GET_NAME, name); }

int random_bytes(void *data, size_t size) {
  auto *bytes = static_cast<unsigned char *>(data);
  while (size > 0) {
    const ssize_t got = getrandom(bytes, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    bytes += got;
    size -= static_cast<size_t>(got);
  }
  return 0;
}

}  // namespace prefork::sys
