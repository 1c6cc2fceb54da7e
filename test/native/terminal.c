// A command in a pseudo-terminal of its own: terminal COLUMNS ROWS COMMAND [ARGUMENT ..]
//
// Standard input is what is typed, standard output what the terminal shows. Descriptor 3 is for control: the command's pid and
// a line end come out of it; "COLUMNS ROWS" and a line end put into it resize the terminal. The end of standard input hangs
// the terminal up. Ends with the command's status, or 128 and its signal.
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { CONTROL = 3, HANG_UP_LIMIT_SECONDS = 5 };

// What was typed and does not fit into the terminal's queue yet: nothing is lost, and output is read meanwhile, without
// which a command that writes before it reads would wait for ever.
static char typed[1 << 16];
static size_t typed_length;

static struct winsize size_of(const char *columns, const char *rows) {
  return (struct winsize){.ws_col = (unsigned short)atoi(columns), .ws_row = (unsigned short)atoi(rows)};
}

static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    const ssize_t written = write(fd, bytes, length);
    if (written < 0) err(125, "write to descriptor %d", fd);
    bytes += written;
    length -= (size_t)written;
  }
}

// False at the end of what is typed.
static int take_typed(void) {
  const ssize_t bytes = read(STDIN_FILENO, typed + typed_length, sizeof typed - typed_length);
  if (bytes > 0) typed_length += (size_t)bytes;
  return bytes > 0;
}

static void pass_typed_on(int terminal) {
  const ssize_t bytes = write(terminal, typed, typed_length);
  if (bytes <= 0) return;
  typed_length -= (size_t)bytes;
  memmove(typed, typed + bytes, typed_length);
}

// False once nothing can be shown any more: nobody has the other side open (EIO).
static int show(int terminal) {
  char shown[4096];
  const ssize_t bytes = read(terminal, shown, sizeof shown);
  if (bytes < 0 && errno == EAGAIN) return 1;
  if (bytes > 0) write_all(STDOUT_FILENO, shown, (size_t)bytes);
  return bytes > 0;
}

// False where the other side has gone.
static int resize(int terminal) {
  static char line[64];
  static size_t length;
  for (;;) {
    if (length == sizeof line - 1) errx(125, "a line of control is too long");
    if (read(CONTROL, line + length, 1) != 1) return errno == EAGAIN;
    if (line[length] != '\n') {
      length++;
      continue;
    }
    line[length] = '\0';
    length = 0;
    char *rows = strchr(line, ' ');
    if (rows == NULL) errx(125, "no size: %s", line);
    const struct winsize size = size_of(line, rows);
    if (ioctl(terminal, TIOCSWINSZ, &size) != 0) err(125, "TIOCSWINSZ");
  }
}

// Until the command has ended or the terminal is to be hung up. Jobs that the command leaves behind keep the terminal open,
// and so do not count.
static void relay(int terminal, int ended) {
  struct pollfd ready[4] = {{terminal, 0, 0}, {STDIN_FILENO, 0, 0}, {CONTROL, POLLIN, 0}, {ended, POLLIN, 0}};
  for (;;) {
    ready[0].events = (short)(POLLIN | (typed_length > 0 ? POLLOUT : 0));
    ready[1].events = typed_length < sizeof typed ? POLLIN : 0;
    if (poll(ready, 4, -1) < 0) err(125, "poll");
    // First, so that what was typed after a change of size comes after it.
    if (ready[2].revents != 0 && !resize(terminal)) ready[2].fd = -1;
    if ((ready[0].revents & POLLOUT) != 0) pass_typed_on(terminal);
    if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !show(terminal)) return;
    if (ready[1].revents != 0 && !take_typed()) return;
    if (ready[3].revents != 0 && (ready[0].revents & POLLIN) == 0) return;
  }
}

static pid_t command;
static void kill_command(int number) {
  (void)number;
  kill(command, SIGKILL);
}

int main(int argc, char **argv) {
  if (argc < 4) errx(125, "usage: terminal COLUMNS ROWS COMMAND [ARGUMENT ..]");
  const struct winsize size = size_of(argv[1], argv[2]);
  int terminal;
  if (fcntl(CONTROL, F_SETFD, FD_CLOEXEC) != 0) err(125, "descriptor 3");
  command = forkpty(&terminal, NULL, NULL, &size);
  if (command < 0) err(125, "forkpty");
  if (command == 0) {
    execvp(argv[3], argv + 3);
    err(125, "%s", argv[3]);
  }
  fcntl(terminal, F_SETFL, O_NONBLOCK);
  fcntl(CONTROL, F_SETFL, O_NONBLOCK);
  dprintf(CONTROL, "%d\n", command);
  const int ended = (int)syscall(SYS_pidfd_open, command, 0);
  if (ended < 0) err(125, "pidfd_open");
  relay(terminal, ended);
  close(terminal);
  signal(SIGALRM, kill_command);
  alarm(HANG_UP_LIMIT_SECONDS);
  int status = 0;
  while (waitpid(command, &status, 0) < 0) {
    if (errno != EINTR) err(125, "waitpid");
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
