#include "client/offer.h"

#include <errno.h>
#include <sys/socket.h>

#include "client/call_message.h"
#include "client/end.h"
#include "client/failure.h"
#include "client/incoming.h"
#include "client/job.h"
#include "client/signals.h"
#include "sys/descriptors.h"
#include "sys/ready.h"
#include "sys/unix_socket.h"

namespace prefork::client {

namespace {

constexpr int NOBODY = -1;

// What is offered to whom, from the first offer_call() until there is an answer other than `late`.
struct Offer {
  int connection;
  CallMessage message;
  size_t sent;
};
Offer offer{NOBODY, {}, 0};

Line reason;

// What one look at the connection has brought; `late` for nothing.
using Seen = Answer;

Answer closed(Answer answer) {
  if (offer.connection != NOBODY) sys::close_descriptor(offer.message.working_directory);
  offer = Offer{NOBODY, {}, 0};
  return answer;
}

void begin_offer(int connection, const Context &context) {
  closed(Answer::ended);
  begin_receiving();
  offer = Offer{connection, call_message(context), 0};
}

bool is_sent() { return offer.sent == offer.message.length; }

// As much as the socket takes without waiting. False where the other end is gone: what it said before may still be read.
bool send_more(const Context &context) {
  const CallMessage &message = offer.message;
  while (!is_sent()) {
    const iovec rest{const_cast<uint8_t *>(message.bytes) + offer.sent, message.length - offer.sent};
    // All descriptors go with the first byte (unix(7)).
    const size_t descriptors = offer.sent == 0 ? message.descriptor_count : 0;
    const ssize_t sent = sys::send(offer.connection, &rest, 1, message.descriptors, descriptors, MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EAGAIN) return true;
      if (errno == EPIPE || errno == ECONNRESET) return false;
      fail(Line().text("cannot send the call to the server of ").text(subject_of(context)).error(errno));
    }
    offer.sent += static_cast<size_t>(sent);
  }
  return true;
}

Seen judge(const core::Message &message) {
  switch (message.kind) {
    case core::Kind::started:
      return Seen::started;
    case core::Kind::refused:
      reason = Line().text(message.reason);
      return Seen::refused;
    case core::Kind::ended:
      // The executor's last deed before it becomes the script is to say `started`.
      reason = Line().text("the process that was to run it ended before that, with wait status ").natural(message.value);
      return Seen::refused;
    case core::Kind::stopped:
    case core::Kind::continued:
      // It had not begun, and nobody has to follow it.
      return Seen::late;
    default:
      reason = Line().text("a message of kind ").number(static_cast<int>(message.kind)).text(" is no answer to a call");
      return Seen::garbled;
  }
}

Seen take_answer() {
  core::Message message;
  core::Code code = core::E_NONE;
  for (;;) {
    switch (take_message(&message, &code)) {
      case Taken::none:
        return Seen::late;
      case Taken::garbled:
        reason = words_of(code, core::messages_subject());
        return Seen::garbled;
      case Taken::message:
        break;
    }
    const Seen seen = judge(message);
    if (seen != Seen::late) return seen;
  }
}

// One recvmsg(2).
Seen look(int connection, bool *again) {
  *again = false;
  switch (receive_bytes(connection)) {
    case Received::bytes:
      *again = true;
      return take_answer();
    case Received::nothing:
      return Seen::late;
    case Received::ended:
      return Seen::ended;
    case Received::failed:
      break;
  }
  reason = Line().text("what it sends cannot be read").error(errno);
  return Seen::garbled;
}

// All that has come by now.
Seen look_at_all(int connection) {
  for (;;) {
    bool again = false;
    const Seen seen = look(connection, &again);
    if (seen != Seen::late || !again) return seen;
  }
}

// What the signals ask for that wait. True where this process was stopped, and the call is not offered any more.
bool obey_signals(int connection, const Context &context) {
  if (waiting_signal(Manner::stopping) == 0 && waiting_signal(Manner::ending) == 0) return false;
  if (withdraw_call(connection)) relay_call(connection, context);
  // Not closed, which is for its owner to do: but the server is not to keep it for a caller that may sleep for days.
  shutdown(connection, SHUT_RDWR);
  for (;;) {
    if (const int ending = waiting_signal(Manner::ending)) end_by(ending);
    const int stopping = waiting_signal(Manner::stopping);
    if (stopping == 0) return true;
    forget_signal(stopping);
    stop_until_wanted(stopping);
  }
}

// Waits until there is something to do, and returns what the connection has brought. False at the end of the time.
bool wait_for_answer(int connection, const Context &context, int milliseconds, Seen *seen) {
  const auto wanted = static_cast<short>(is_sent() ? POLLIN : POLLIN | POLLOUT);
  pollfd set[] = {{connection, wanted, 0}, {signal_descriptor(), POLLIN, 0}};
  const int ready = sys::wait_ready(set, 2, milliseconds);
  if (ready < 0) fail(Line().text("cannot wait for the server of ").text(subject_of(context)).error(errno));
  if (set[1].revents != 0) collect_signals();
  bool again = false;
  *seen = (set[0].revents & ~POLLOUT) != 0 ? look(connection, &again) : Seen::late;
  return ready > 0;
}

}  // namespace

Answer offer_call(int connection, const Context &context, int milliseconds) {
  if (signal_descriptor() < 0) fail(Line().text("cannot see the signals of ").text(subject_of(context)).error(errno));
  if (offer.connection != connection) begin_offer(connection, context);
  const long long deadline = sys::monotonic_milliseconds() + milliseconds;
  for (;;) {
    if (!send_more(context)) {
      const Seen last = look_at_all(connection);
      return closed(last == Seen::late ? Answer::ended : last);
    }
    const long long left = deadline - sys::monotonic_milliseconds();
    Seen seen = Seen::late;
    const bool in_time = wait_for_answer(connection, context, left > 0 ? static_cast<int>(left) : 0, &seen);
    // Before any signal is obeyed: one that has come beside it is the script's.
    if (seen == Seen::started) return closed(seen);
    if (obey_signals(connection, context)) return Answer::ended;
    if (seen != Seen::late) return closed(seen);
    if (!in_time) return Answer::late;
  }
}

bool withdraw_call(int connection) {
  // In two steps, since shutdown(2) cannot be taken back: what has come by now leaves a connection that still tells how the call ends.
  Seen seen = look_at_all(connection);
  if (seen == Seen::late) {
    // From here on the executor's `started` fails with EPIPE; it is sent whole or not at all, and what is in the queue by now can
    // still be read (unix_stream_sendmsg and unix_shutdown in net/unix/af_unix.c).
    stop_receiving(connection);
    seen = look_at_all(connection);
  }
  return closed(seen) == Answer::started;
}

const char *refusal_reason() { return reason.bytes(); }

}  // namespace prefork::client
