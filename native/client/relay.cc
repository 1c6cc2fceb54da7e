#include "client/relay.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/end.h"
#include "client/failure.h"
#include "client/trace.h"
#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

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

}  // namespace

void relay(int connection, const Context &context) {
  // The script has its own now. Were these kept, a pipe that the script closes early would stay open until it ends; standard
  // error stays, for errors to be told.
  close(STDIN_FILENO);
  close(STDOUT_FILENO);
  const uint32_t status = read_status(connection, context);
  end_as_told(core::WaitTable::released, status, context);
}

void end_as_setup(int wait_status, const Context &context) {
  leave_trace("failed", "its initialisation did");
  if (WIFEXITED(wait_status)) _exit(WEXITSTATUS(wait_status));
  if (WIFSIGNALED(wait_status)) end_by(WTERMSIG(wait_status));
  fail(Line().text("the initialisation of ").text(subject_of(context)).text(" ended with wait status ").number(wait_status));
}

}  // namespace prefork::client
