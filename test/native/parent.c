// Runs a command, and says what its parent gets to know of it (waitpid(2)): parent COMMAND [ARGUMENT ..]
//
// On standard output, each with a line end: `parent: of PID`, then `parent: stopped SIGNAL`, `parent: continued` and at last
// `parent: ended STATUS`, the status as the kernel gives it, with the bit for a core dump. The command has the same standard
// descriptors, and may not dump core: whether that is done is the machine's business. Standard input is a pipe, and its end is
// waited for at the end, so that whoever holds the other side knows how long the command has an input.
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) errx(125, "usage: parent COMMAND [ARGUMENT ..]");
  // The hard limit stays: with another one, a call has another server.
  struct rlimit core;
  if (getrlimit(RLIMIT_CORE, &core) != 0) err(125, "getrlimit");
  core.rlim_cur = 0;
  if (setrlimit(RLIMIT_CORE, &core) != 0) err(125, "setrlimit");
  const pid_t command = fork();
  if (command < 0) err(125, "fork");
  if (command == 0) {
    execvp(argv[1], argv + 1);
    err(125, "%s", argv[1]);
  }
  dprintf(STDOUT_FILENO, "parent: of %d\n", command);
  for (;;) {
    int status;
    if (waitpid(command, &status, WUNTRACED | WCONTINUED) < 0) err(125, "waitpid");
    if (WIFSTOPPED(status)) {
      dprintf(STDOUT_FILENO, "parent: stopped %d\n", WSTOPSIG(status));
    } else if (WIFCONTINUED(status)) {
      dprintf(STDOUT_FILENO, "parent: continued\n");
    } else {
      dprintf(STDOUT_FILENO, "parent: ended %d\n", status);
      break;
    }
  }
  struct pollfd input = {STDIN_FILENO, 0, 0};
  if (poll(&input, 1, -1) < 0) err(125, "poll");
  return 0;
}
