// Stops a process (SIGSTOP) after the N-th of its system calls, where several of the same kind in a row count as one:
//
//   stop-at N process PID            the process, from now on
//   stop-at N command COMMAND ..     the command, from its beginning; it is let go on as soon as it has stopped
//   stop-at N ended COMMAND ..       the same, but by SIGTERM
//
// Descriptor 3 gets a line `ready` when it is traced, and a line `stopped PID` when it has been stopped, from which moment on it is traced no
// more. If it ends before that, nothing is stopped. Ends with the status of the command, or by SIGTERM.
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/ptrace.h>

enum { REPORT = 3, SYSCALL_STOP = SIGTRAP | 0x80 };

static long wanted;
static int by = SIGSTOP;

static void trace(enum __ptrace_request request, pid_t pid, long data) {
  // ESRCH: killed while it stood still.
  if (ptrace(request, pid, 0L, data) != 0 && errno != ESRCH) err(125, "ptrace of process %d", pid);
}

// Counts this stop, which is one before or after a system call. True where it was the N-th.
static int count(pid_t pid) {
  static unsigned long long latest = ~0ULL;
  static long counted;
  struct ptrace_syscall_info info;
  // What it is about to do is not done yet, and what it has done before was looked at then.
  if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY) return 0;
  if (info.entry.nr == latest) return 0;
  latest = info.entry.nr;
  return counted++ == wanted;
}

// The signal is pending when the process goes on, so it is delivered before it is back in its program.
static void stop(pid_t pid) {
  // From here on nothing may keep this program from telling so.
  signal(SIGTERM, SIG_IGN);
  kill(pid, by);
  trace(PTRACE_DETACH, pid, 0);
  dprintf(REPORT, "stopped %d\n", pid);
}

// Follows the process, which is traced, until it has been stopped or has ended.
static int follow(pid_t pid, int *status) {
  for (;;) {
    if (waitpid(pid, status, __WALL) < 0) err(125, "waitpid");
    if (!WIFSTOPPED(*status)) return 0;
    const int event = *status >> 16;
    const int signal = WSTOPSIG(*status);
    if (signal == SYSCALL_STOP && count(pid)) {
      stop(pid);
      return 1;
    }
    const int passed_on = event == 0 && signal != SYSCALL_STOP ? signal : 0;
    trace(PTRACE_SYSCALL, pid, passed_on);
  }
}

static void end(int number) {
  (void)number;
  // The kernel lets go of whom it traces.
  _exit(0);
}

static void attach(pid_t pid) {
  if (ptrace(PTRACE_SEIZE, pid, 0L, PTRACE_O_TRACESYSGOOD) != 0) err(125, "PTRACE_SEIZE of process %d", pid);
  trace(PTRACE_INTERRUPT, pid, 0);
  dprintf(REPORT, "ready\n");
}

static int run(char **command) {
  int go[2];
  if (pipe(go) != 0) err(125, "pipe");
  const pid_t pid = fork();
  if (pid < 0) err(125, "fork");
  if (pid == 0) {
    char byte;
    close(go[1]);
    close(REPORT);
    if (read(go[0], &byte, 1) < 0) err(125, "read");
    close(go[0]);
    execvp(command[0], command);
    err(125, "%s", command[0]);
  }
  attach(pid);
  close(go[0]);
  close(go[1]);
  int status;
  if (follow(pid, &status)) {
    while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status)) kill(pid, SIGCONT);
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
  if (argc < 4) errx(125, "usage: stop-at N process|command|ended WHAT ..");
  wanted = atol(argv[1]);
  if (strcmp(argv[2], "command") == 0) return run(argv + 3);
  if (strcmp(argv[2], "ended") == 0) {
    by = SIGTERM;
    return run(argv + 3);
  }
  signal(SIGTERM, end);
  const pid_t pid = (pid_t)atol(argv[3]);
  attach(pid);
  int status;
  follow(pid, &status);
  return 0;
}
