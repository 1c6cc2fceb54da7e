// How a client starts the watcher. What that does: watcher.cc.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/watcher.h"
#include "client/watcher_arguments.h"
#include "sys/descriptors.h"
#include "sys/process.h"

namespace prefork::client {

namespace {

// Becomes the watcher, from a process that already is nobody's child but init's.
[[noreturn]] void become_watcher(const char *socket, const struct stat &identity, int input, int errors) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  // Standard error becomes the pipe at once, so that what goes wrong from here on is told to the server.
  if (sys::duplicate_to(errors, STDERR_FILENO) != 0 || sys::duplicate_to(input, STDIN_FILENO) != 0 || null < 0 ||
      sys::duplicate_to(null, STDOUT_FILENO) != 0 || sys::close_all_except(nullptr, 0) != 0 || chdir("/") != 0) {
    complain(Line().text("watcher: cannot set up").error(errno));
    _exit(EXIT_FAILURE_OF_CLIENT);
  }
  sys::default_ignored_signals(nullptr, 0);
  sys::unblock_signals();
  Line device;
  Line inode;
  device.natural(identity.st_dev);
  inode.natural(identity.st_ino);
  char name[sizeof(WATCHER_NAME)];
  memcpy(name, WATCHER_NAME, sizeof(name));
  char *arguments[] = {name, const_cast<char *>(socket), const_cast<char *>(device.bytes()),
                       const_cast<char *>(inode.bytes()), nullptr};
  char *environment[] = {nullptr};
  execve("/proc/self/exe", arguments, environment);
  // Without /proc it is less tidy, and does the same.
  _exit(watcher_main(arguments));
}

// In the child: a session of its own, and a second fork, so that the watcher is neither the client's child, left as a
// zombie while the client lives, nor able to get a terminal.
[[noreturn]] void fork_again(const char *socket, const struct stat &identity, int input, int errors) {
  if (sys::set_session() != 0) fail(Line().text("cannot make a session for the watcher").error(errno));
  const pid_t child = fork();
  if (child < 0) fail(Line().text("cannot fork the watcher").error(errno));
  if (child == 0) become_watcher(socket, identity, input, errors);
  _exit(0);
}

}  // namespace

void start_watcher(const char *socket, const struct stat &identity, int *input, int *errors, Line *told) {
  int input_ends[2];
  int error_ends[2];
  if (sys::make_pipe(input_ends) != 0 || sys::make_pipe(error_ends) != 0 ||
      sys::set_status_flags(error_ends[0], O_NONBLOCK) != 0) {
    fail(Line().text("cannot make the watcher's pipes").error(errno));
  }
  const pid_t child = fork();
  if (child < 0) fail(Line().text("cannot fork the watcher").error(errno));
  if (child == 0) {
    leave_failure_to_parent(told);
    // At once, before anything can take time: the lock, the listener, and whatever else the caller had open.
    const int kept[] = {input_ends[0], error_ends[1]};
    if (sys::close_all_except(kept, 2) != 0) fail(Line().text("cannot close descriptors for the watcher").error(errno));
    fork_again(socket, identity, input_ends[0], error_ends[1]);
  }
  sys::close_descriptor(input_ends[0]);
  sys::close_descriptor(error_ends[1]);
  int status = 0;
  if (sys::wait_for(child, &status, 0) < 0) fail(Line().text("cannot wait for the watcher's start").error(errno));
  if (status != 0 && told->length() == 0) fail(Line().text("the watcher ended as it was started, with wait status ").number(status));
  *input = input_ends[1];
  *errors = error_ends[0];
}

}  // namespace prefork::client
