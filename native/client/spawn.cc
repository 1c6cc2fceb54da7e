#include "client/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "client/call.h"
#include "client/environment.h"
#include "client/failure.h"
#include "client/listener.h"
#include "client/relay.h"
#include "client/watcher.h"
#include "sys/descriptors.h"
#include "sys/process.h"
#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

// Once setup has ended, the server is there and has nothing else to do than to greet its first call. Only something that
// setup left running, and that holds on to the call's descriptor, can keep the connection open without a word.
constexpr int FIRST_GREETING_LIMIT_MS = 60000;

void remove_what_was_begun(const void *rendezvous) { remove_rendezvous(*static_cast<const Rendezvous *>(rendezvous)); }

// The child: becomes the interpreter. Its errors are the client's, told on the same standard error.
[[noreturn]] void become_setup(const Interpreter &interpreter, char **arguments, char **environment,
                               const Handover &handover, pid_t client) {
  // A setup whose client is gone would hold the socket, and nobody would hear of its end. Killed, not asked: it must go even
  // when it ignores signals. A server that it has forked by then lives on (the fork has cleared this).
  sys::set_parent_death_signal(SIGKILL);
  if (sys::parent() != client) _exit(EXIT_FAILURE_OF_CLIENT);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0) fail(Line().text("cannot open /dev/null").error(errno));
  const int kept[] = {handover.listener, handover.call, handover.watcher_input, handover.watcher_errors};
  bool ready = sys::duplicate_to(null, STDIN_FILENO) == 0 && sys::duplicate_to(STDERR_FILENO, STDOUT_FILENO) == 0;
  ready = ready && sys::close_all_except(kept, sizeof(kept) / sizeof(*kept)) == 0;
  for (const int fd : kept) ready = ready && sys::set_close_on_exec(fd, false) == 0;
  if (!ready) fail(Line().text("cannot hand descriptors to ").text(interpreter.program).error(errno));
  sys::default_ignored_signals(nullptr, 0);
  sys::unblock_signals();
  execve(interpreter.program, arguments, environment);
  fail(Line().text("cannot execute ").text(interpreter.program).error(errno));
}

pid_t start_setup(const Context &context, const Interpreter &interpreter, const Handover &handover,
                  const timespec &stamp, int lock) {
  char **arguments = setup_arguments(context, interpreter);
  char **environment = setup_environment(handover, stamp);
  const pid_t client = getpid();
  const pid_t setup = fork();
  if (setup < 0) fail(Line().text("cannot fork for ").text(subject_of(context)).error(errno));
  if (setup != 0) return setup;
  // First of all: a client that is killed now must not leave the lock held by its child.
  sys::close_descriptor(lock);
  become_setup(interpreter, arguments, environment, handover, client);
}

[[noreturn]] void fail_without_server(const Context &context, Greeting greeting) {
  const char *how = greeting == Greeting::late
                        ? ": its initialisation ended, but no server has greeted the call since; something that it left running holds the call open"
                        : ": it ended without calling its initialisation complete, so there is no server";
  fail(Line().text(subject_of(context)).text(how));
}

}  // namespace

int start_server(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous, int lock) {
  // A caller that ignores this signal has children reaped by the kernel, and their status is lost (wait(2)).
  signal(SIGCHLD, SIG_DFL);
  undo_on_failure(remove_what_was_begun, &rendezvous);
  const Listener listener = listen_at(rendezvous);
  int call[2];
  if (sys::socket_pair(call) != 0) fail(Line().text("cannot make a socket pair for the first call").error(errno));
  Handover handover{listener.fd, call[1], -1, -1};
  start_watcher(rendezvous.socket, listener.identity, &handover.watcher_input, &handover.watcher_errors);
  const pid_t setup = start_setup(context, interpreter, handover, listener.identity.st_mtim, lock);

  // Each is setup's alone now, so that its end is seen.
  sys::close_descriptor(handover.listener);
  sys::close_descriptor(handover.call);
  sys::close_descriptor(handover.watcher_errors);
  int status = 0;
  if (sys::wait_for(setup, &status, 0) < 0) fail(Line().text("cannot wait for ").text(subject_of(context)).error(errno));
  sys::close_descriptor(handover.watcher_input);
  if (status != 0) {
    remove_rendezvous(rendezvous);
    end_as_setup(status, context);
  }
  const Greeting greeting = read_greeting(call[0], context, FIRST_GREETING_LIMIT_MS);
  if (greeting != Greeting::complete) fail_without_server(context, greeting);
  undo_on_failure(nullptr, nullptr);
  return call[0];
}

}  // namespace prefork::client
