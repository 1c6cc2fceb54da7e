#include "client/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "client/environment.h"
#include "client/failure.h"
#include "client/laundry.h"
#include "client/listener.h"
#include "client/relay.h"
#include "client/watcher.h"
#include "sys/descriptors.h"
#include "sys/process.h"
#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

// What a failure has to undo.
struct Begun {
  const Rendezvous *rendezvous;
  pid_t setup;  // 0 before there is one, and after it was reaped
};
Begun begun{nullptr, 0};

// What a caller that ignores this signal has its children reaped by.
struct sigaction action_of_caller;

void undo_start(const void *) {
  if (begun.setup > 0) {
    // It must not go on beside a script that is run directly. A server that it has forked by now goes with the rendezvous.
    int status = 0;
    sys::send_signal(begun.setup, SIGKILL);
    sys::wait_for(begun.setup, &status, 0);
  }
  sigaction(SIGCHLD, &action_of_caller, nullptr);
  remove_rendezvous(*begun.rendezvous);
}

// What a child of this process could not do is an error of this process's.
void check_child(const Line *told) {
  if (told->length() > 0) fail(*told);
}

// The child: becomes the interpreter.
[[noreturn]] void become_setup(const Context &context, const Interpreter &interpreter, char **arguments, char **environment,
                               const Handover &handover, pid_t client) {
  // A setup whose client is gone would hold the socket, and nobody would hear of its end. Killed, not asked: it must go even
  // when it ignores signals. A server that it has forked by then lives on (the fork has cleared this).
  sys::set_parent_death_signal(SIGKILL);
  if (sys::parent() != client) _exit(EXIT_FAILURE_OF_CLIENT);
  const int kept[] = {handover.listener, handover.call, handover.watcher_input, handover.watcher_errors};
  become_interpreter(context, interpreter, arguments, environment, kept, sizeof(kept) / sizeof(*kept));
}

pid_t start_setup(const Context &context, const Interpreter &interpreter, const Handover &handover, const timespec &stamp,
                  Line *told) {
  char **arguments = setup_arguments(context, interpreter);
  char **environment = setup_environment(context, interpreter, handover, stamp);
  const pid_t client = getpid();
  const pid_t setup = fork();
  if (setup < 0) fail(Line().text("cannot fork for ").text(subject_of(context)).error(errno));
  if (setup != 0) return setup;
  // First of all: a client that is killed now must not leave the lock held by its child.
  unlock_rendezvous();
  leave_failure_to_parent(told);
  become_setup(context, interpreter, arguments, environment, handover, client);
}

// Waits for the end of setup, with which nothing of it is left but the server.
int wait_for_setup(const Context &context) {
  int status = 0;
  if (sys::wait_for(begun.setup, &status, 0) < 0) {
    fail(Line().text("cannot wait for ").text(subject_of(context)).error(errno));
  }
  begun.setup = 0;
  sigaction(SIGCHLD, &action_of_caller, nullptr);
  return status;
}

// Setup may know, by its interpreter's version for one, that there can be no server.
void check_refusal(int connection, const Context &context) {
  uint8_t bytes[core::MESSAGE_HEADER_BYTES + core::MESSAGE_BODY_LIMIT];
  size_t descriptors = 0;
  const ssize_t received = sys::receive(connection, bytes, sizeof(bytes), nullptr, 0, &descriptors, MSG_DONTWAIT);
  if (received <= 0) return;
  core::Message message;
  core::messages_begin();
  const core::Push push = core::messages_push(bytes, static_cast<size_t>(received), &message);
  if (push.code != core::E_NONE || message.kind != core::Kind::refused) return;
  fail(Line().text("no server can be made of ").text(subject_of(context)).text(": ").text(message.reason));
}

}  // namespace

void become_interpreter(const Context &context, const Interpreter &interpreter, char **arguments, char **environment,
                        const int *kept, size_t kept_count) {
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0) fail(Line().text("cannot open /dev/null").error(errno));
  // Standard error too may be one that closes itself (fill_standard_descriptors).
  bool ready = sys::duplicate_to(null, STDIN_FILENO) == 0 && sys::duplicate_to(STDERR_FILENO, STDOUT_FILENO) == 0 &&
               sys::set_close_on_exec(STDERR_FILENO, false) == 0;
  ready = ready && sys::close_all_except(kept, kept_count) == 0;
  for (size_t i = 0; i < kept_count; i++) ready = ready && sys::set_close_on_exec(kept[i], false) == 0;
  if (!ready) fail(Line().text("cannot hand descriptors to ").text(interpreter.program).error(errno));
  if (context.options.mediation == core::Mediation::laundered && chdir(LAUNDERED_DIRECTORY) != 0) {
    fail(Line().text("cannot change to the directory ").text(LAUNDERED_DIRECTORY).error(errno));
  }
  sys::default_ignored_signals(nullptr, 0);
  sys::unblock_signals();
  execve(interpreter.program, arguments, environment);
  fail(Line().text("cannot execute ").text(interpreter.program).error(errno));
}

int start_server(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous) {
  if (is_debugging()) complain(Line().text(subject_of(context)).text(": starting a server on ").text(rendezvous.socket));
  Line *told = share_line();
  if (told == nullptr) fail(Line().text("no memory to share with ").text(subject_of(context)).error(errno));
  // A caller that ignores this signal has children reaped by the kernel, and their status is lost (wait(2)).
  struct sigaction by_default{};
  by_default.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &by_default, &action_of_caller);
  begun = Begun{&rendezvous, 0};
  announce_start();
  undo_on_failure(undo_start, nullptr);
  const Listener listener = listen_at(rendezvous);
  int call[2];
  if (sys::socket_pair(call) != 0) fail(Line().text("cannot make a socket pair for the first call").error(errno));
  Handover handover{listener.fd, call[1], -1, -1, rendezvous.socket};
  start_watcher(rendezvous.socket, listener.identity, &handover.watcher_input, &handover.watcher_errors, told);
  check_child(told);
  begun.setup = start_setup(context, interpreter, handover, listener.identity.st_mtim, told);

  // Each is setup's alone now, so that its end is seen.
  sys::close_descriptor(handover.listener);
  sys::close_descriptor(handover.call);
  sys::close_descriptor(handover.watcher_errors);
  const int status = wait_for_setup(context);
  sys::close_descriptor(handover.watcher_input);
  check_child(told);
  if (interpreter.adapted != nullptr) check_refusal(call[0], context);
  if (status != 0) {
    remove_rendezvous(rendezvous);
    end_as_setup(status, context);
  }
  return call[0];
}

void fail_held_open(const Context &context) {
  fail_for_good(Line().text(subject_of(context)).text(": its initialisation ended, but no server has answered the call since; something that it left running holds the call open"));
}

void fail_without_server(const Context &context) {
  fail_for_good(Line().text(subject_of(context)).text(": it ended without calling its initialisation complete, so there is no server"));
}

}  // namespace prefork::client
