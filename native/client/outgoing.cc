#include "client/outgoing.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "client/failure.h"
#include "client/signals.h"
#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

// The message that is being sent. It is so small that the kernel takes it whole or not at all; that is how it is done now, and nothing
// that unix(7) promises.
struct Outbox {
  uint8_t bytes[core::MESSAGE_SMALL_BYTES];
  size_t length;
  size_t sent;
};
Outbox outbox{};

bool continue_first = false;
bool unanswered = false;

int next_signal() {
  const int signal = continue_first ? SIGCONT : waiting_signal(Manner::any);
  if (!continue_first) forget_signal(signal);
  continue_first = false;
  return signal;
}

bool has_message() {
  if (outbox.sent < outbox.length) return true;
  const int signal = next_signal();
  if (signal == 0) return false;
  if (signal == SIGCONT) unanswered = true;
  outbox.length = core::message_encode(core::Kind::signal, static_cast<uint32_t>(signal), outbox.bytes);
  outbox.sent = 0;
  return true;
}

}  // namespace

bool send_signals(int connection, const Context &context) {
  while (has_message()) {
    const iovec rest{outbox.bytes + outbox.sent, outbox.length - outbox.sent};
    const ssize_t sent = sys::send(connection, &rest, 1, nullptr, 0, MSG_DONTWAIT);
    if (sent >= 0) {
      outbox.sent += static_cast<size_t>(sent);
      continue;
    }
    if (errno == EAGAIN) return false;
    if (errno != EPIPE && errno != ECONNRESET) {
      fail(Line().text("cannot send a signal to the server of ").text(subject_of(context)).error(errno));
    }
    // The call has ended, or its server has. Which of them, reading tells.
    outbox.length = outbox.sent = 0;
    continue_first = false;
    forget_signals();
  }
  return true;
}

void send_continue_first() { continue_first = true; }

bool continue_is_unanswered() { return unanswered; }

void continue_is_answered() { unanswered = false; }

}  // namespace prefork::client
