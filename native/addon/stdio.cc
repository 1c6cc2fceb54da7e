#include "addon/stdio.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <csignal>

#include "addon/node_symbols.h"

namespace prefork::addon {

namespace {

struct Noted {
  bool open;
  dev_t device;
  ino_t inode;
  int flags;
  bool terminal;
  termios modes;
};

constexpr int kStandardDescriptors = 3;
bool noted = false;
Noted stdio[kStandardDescriptors];

int status_flags(int fd) {
  int flags;
  do flags = fcntl(fd, F_GETFL);
  while (flags < 0 && errno == EINTR);
  return flags;
}

void note_one(int fd, Noted& as) {
  struct stat status {};
  as = Noted{};
  if (fstat(fd, &status) != 0) return;
  as.open = true;
  as.device = status.st_dev;
  as.inode = status.st_ino;
  as.flags = status_flags(fd);
  as.terminal = tcgetattr(fd, &as.modes) == 0;
}

void restore_flags(int fd, const Noted& as) {
  int now = status_flags(fd);
  if (now < 0 || ((now ^ as.flags) & O_NONBLOCK) == 0) return;
  int wanted = (now & ~O_NONBLOCK) | (as.flags & O_NONBLOCK);
  while (fcntl(fd, F_SETFL, wanted) < 0 && errno == EINTR) {
  }
}

void restore_terminal(int fd, const Noted& as) {
  // From the background, changing a terminal stops the process with SIGTTOU unless that is blocked; see tcsetattr(3).
  sigset_t background;
  sigset_t before;
  sigemptyset(&background);
  sigaddset(&background, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &background, &before);
  while (tcsetattr(fd, TCSANOW, &as.modes) < 0 && errno == EINTR) {
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void restore_one(int fd, const Noted& as) {
  struct stat status {};
  if (!as.open || fstat(fd, &status) != 0) return;
  // The program has opened something else there.
  if (status.st_dev != as.device || status.st_ino != as.inode) return;
  restore_flags(fd, as);
  if (as.terminal) restore_terminal(fd, as);
}

// As Node's SignalExit does for the descriptors that it noted when it started, which are not the call's.
void restore_and_die(int signal) {
  restore_stdio();
  // The handler was installed for one time only: now the default applies, once this returns.
  raise(signal);
}

// Node's handlers (node.cc, RegisterSignalHandler) are one-shot and interrupt system calls; libuv's, for process.on(),
// restart them.
bool is_nodes_own(const struct sigaction& action) {
  if ((action.sa_flags & static_cast<int>(SA_RESETHAND)) == 0 || (action.sa_flags & SA_RESTART) != 0) return false;
  void* nodes = node_symbols().signal_exit;
  return nodes == nullptr || reinterpret_cast<void*>(action.sa_handler) == nodes;
}

void replace_handler(int signal) {
  struct sigaction action {};
  if (sigaction(signal, nullptr, &action) != 0 || !is_nodes_own(action)) return;
  action.sa_handler = restore_and_die;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void note_stdio() {
  for (int fd = 0; fd < kStandardDescriptors; fd++) note_one(fd, stdio[fd]);
  noted = true;
  replace_handler(SIGINT);
  replace_handler(SIGTERM);
}

void restore_stdio() {
  int error = errno;
  uv_tty_reset_mode();
  if (noted) {
    for (int fd = 0; fd < kStandardDescriptors; fd++) restore_one(fd, stdio[fd]);
  }
  errno = error;
}

}  // namespace prefork::addon
