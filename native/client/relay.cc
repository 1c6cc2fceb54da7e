#include "client/relay.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/failure.h"
#include "sys/process.h"
#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

// What a shell makes of a signal: for where the signal itself does not end the process, as with process 1 of a container.
constexpr int EXIT_SIGNAL_BASE = 128;

[[noreturn]] void end_by(int signal) {
  sys::end_by_signal(signal);
  _exit(EXIT_SIGNAL_BASE + signal);
}

[[noreturn]] void fail_lost(const Context &context, const char *how) {
  fail(Line().text("lost the server of ").text(subject_of(context)).text(": ").text(how));
}

uint32_t read_status(int connection, const Context &context) {
  core::status_begin();
  size_t total = 0;
  for (;;) {
    uint8_t bytes[core::STATUS_BYTES];
    size_t descriptors = 0;
    const ssize_t received =
        sys::receive(connection, bytes, core::STATUS_BYTES - total, nullptr, 0, &descriptors, 0);
    if (received == 0 || (received < 0 && errno == ECONNRESET)) {
      fail_lost(context, total == 0 ? "it went without telling how the call ended" : "the status of the call is cut short");
    }
    if (received < 0) fail(Line().text("cannot read the status of ").text(subject_of(context)).error(errno));
    uint32_t status = 0;
    const core::Push push = core::status_push(bytes, static_cast<size_t>(received), &status);
    if (push.code == core::E_NONE) return status;
    if (push.code != core::NEED_DATA) fail_with(push.code, subject_of(context));
    total += push.taken;
  }
}

[[noreturn]] void fail_killed(const Context &context, const core::Meaning &meaning) {
  Line line;
  line.text(subject_of(context)).text(" was killed by signal ").number(meaning.value);
  line.text(" (").text(strsignal(meaning.value)).text(")");
  fail(meaning.core ? line.text(" (core dumped)") : line);
}

}  // namespace

void relay(int connection, const Context &context) {
  // The script has its own now. Were these kept, a pipe that the script closes early would stay open until it ends; standard
  // error stays, for errors to be told.
  close(STDIN_FILENO);
  close(STDOUT_FILENO);
  const uint32_t status = read_status(connection, context);
  const core::Meaning meaning = core::wait_status(core::WaitTable::released, status);
  switch (meaning.action) {
    case core::Action::exit:
      _exit(meaning.value);
    case core::Action::raise:
      end_by(meaning.value);
    case core::Action::report_signal:
      fail_killed(context, meaning);
    case core::Action::report_status:
      break;
  }
  fail(Line().text("the server of ").text(subject_of(context)).text(" reports a wait status that means nothing: ").number(status));
}

void end_as_setup(int wait_status, const Context &context) {
  if (WIFEXITED(wait_status)) _exit(WEXITSTATUS(wait_status));
  if (WIFSIGNALED(wait_status)) end_by(WTERMSIG(wait_status));
  fail(Line().text("the initialisation of ").text(subject_of(context)).text(" ended with wait status ").number(wait_status));
}

}  // namespace prefork::client
