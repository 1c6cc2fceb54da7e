#include "client/offer.h"

#include <errno.h>
#include <sys/socket.h>

#include "client/answer.h"
#include "client/call_message.h"
#include "client/end.h"
#include "client/failure.h"
#include "client/incoming.h"
#include "client/job.h"
#include "client/signals.h"
#include "client/starter.h"
#include "client/trace.h"
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
    if (is_sent()) note_moment(core::MOMENT_CLIENT_SENT);
  }
  return true;
}

// What the signals ask for that wait. True where this process was stopped, and the call is not offered any more.
bool obey_signals(int connection, const Context &context, const Rendezvous &rendezvous) {
  if (waiting_signal(Manner::stopping) == 0 && waiting_signal(Manner::ending) == 0) return false;
  if (withdraw_call(connection)) relay_call(connection, context);
  // Not closed, which is for its owner to do: but the server is not to keep it for a caller that may sleep for days.
  shutdown(connection, SHUT_RDWR);
  wake_server(rendezvous);
  for (;;) {
    if (const int ending = waiting_signal(Manner::ending)) end_by(ending);
    const int stopping = waiting_signal(Manner::stopping);
    if (stopping == 0) return true;
    forget_signal(stopping);
    stop_until_wanted(stopping);
  }
}

// Waits until there is something to do, and returns what the connection has brought.
Answer wait_for_answer(int connection, const Context &context, int milliseconds) {
  const auto wanted = static_cast<short>(is_sent() ? POLLIN : POLLIN | POLLOUT);
  pollfd set[] = {{connection, wanted, 0}, {signal_descriptor(), POLLIN, 0}};
  if (sys::wait_ready(set, 2, milliseconds) < 0) {
    fail(Line().text("cannot wait for the server of ").text(subject_of(context)).error(errno));
  }
  if (set[1].revents != 0) collect_signals();
  bool again = false;
  return (set[0].revents & ~POLLOUT) != 0 ? next_answer(connection, &again) : Answer::late;
}

}  // namespace

Answer offer_call(int connection, const Context &context, const Rendezvous &rendezvous, int milliseconds) {
  if (signal_descriptor() < 0) fail(Line().text("cannot see the signals of ").text(subject_of(context)).error(errno));
  if (offer.connection != connection) begin_offer(connection, context);
  const long long deadline = sys::monotonic_milliseconds() + milliseconds;
  // Asked for again only once the first wait is over.
  for (long long left = milliseconds;; left = deadline - sys::monotonic_milliseconds()) {
    if (!send_more(context)) {
      const Answer last = all_answers(connection);
      return closed(last == Answer::late ? Answer::ended : last);
    }
    const Answer seen = wait_for_answer(connection, context, left > 0 ? static_cast<int>(left) : 0);
    // Before any signal is obeyed: one that has come beside it is the script's.
    if (seen == Answer::started) return closed(seen);
    if (obey_signals(connection, context, rendezvous)) return Answer::ended;
    if (seen != Answer::late) return closed(seen);
    // Whatever else is said meanwhile: a server that goes on and on is late as well.
    if (left <= 0) return Answer::late;
  }
}

bool withdraw_call(int connection) {
  // In two steps, since shutdown(2) cannot be taken back: what has come by now leaves a connection that still tells how the call ends.
  Answer seen = all_answers(connection);
  if (seen == Answer::late) {
    // From here on the executor's `started` fails with EPIPE; it is sent whole or not at all, and what is in the queue by now can
    // still be read (unix_stream_sendmsg and unix_shutdown in net/unix/af_unix.c).
    stop_receiving(connection);
    seen = all_answers(connection);
  }
  return closed(seen) == Answer::started;
}

}  // namespace prefork::client
