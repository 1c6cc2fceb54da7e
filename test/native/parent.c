// Runs a command, and says what its parent gets to know of it (waitpid(2)): parent [--session] COMMAND [ARGUMENT ..]
//
// On standard output, each with a line end: `parent: of PID`, then `parent: stopped SIGNAL`, `parent: continued` and at last
// `parent: ended STATUS`, the status as the kernel gives it, with the bit for a core dump. The command has the same standard
// descriptors, and may not dump core: whether that is done is the machine's business. Standard input is a pipe, and its end is
// waited for at the end, so that whoever holds the other side knows how long the command has an input.
//
// The command is a process group of its own, as a shell would make it: in one that it had in common with the test, which may be an
// orphaned one, it could not be stopped (setpgid(2)). With --session it is a session of its own, and so an orphaned group.
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  const int in_session = argc > 1 && strcmp(argv[1], "--session") == 0;
  char **arguments = argv + 1 + in_session;
  if (arguments[0] == NULL) errx(125, "usage: parent [--session] COMMAND [ARGUMENT ..]");
  // The hard limit stays: with another one, a call has another server.
  struct rlimit core;
  if (getrlimit(RLIMIT_CORE, &core) != 0) err(125, "getrlimit");
  core.rlim_cur = 0;
  if (setrlimit(RLIMIT_CORE, &core) != 0) err(125, "setrlimit");
  // The command begins once it was told of.
  int told[2];
  char byte = 0;
  if (pipe2(told, O_CLOEXEC) != 0) err(125, "pipe2");
  const pid_t command = fork();
  if (command < 0) err(125, "fork");
  if (command == 0) {
    if ((in_session ? setsid() : setpgid(0, 0)) < 0) err(125, "setpgid or setsid");
    if (read(told[0], &byte, 1) != 1) err(125, "read");
    execvp(arguments[0], arguments);
    err(125, "%s", arguments[0]);
  }
  dprintf(STDOUT_FILENO, "parent: of %d\n", command);
  if (write(told[1], &byte, 1) != 1) err(125, "write");
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
