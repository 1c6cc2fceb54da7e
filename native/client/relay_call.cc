// The part of offer.h that comes after `started`.
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "client/commitment.h"
#include "client/end.h"
#include "client/failure.h"
#include "client/incoming.h"
#include "client/job.h"
#include "client/offer.h"
#include "client/outgoing.h"
#include "client/signals.h"
#include "client/trace.h"
#include "sys/ready.h"
#include "sys/terminal.h"

namespace prefork::client {

namespace {

// A SIGCONT and the news of a stop may cross on the way: then `continued` is already coming, and stopping now would leave
// this process stopped beside a script that runs. So long is it waited for, where that may have happened.
constexpr int CROSSING_LIMIT_MS = 100;

constexpr long long NEVER = -1;

struct Relay {
  int connection;
  const Context &context;
  int stop_signal;    // by which the script has stopped; 0 while it runs
  long long stop_at;  // when to do the same
  bool continued;     // since this process stopped, by somebody else
};

[[noreturn]] void fail_to(const char *what, const Relay &relay) {
  fail(Line().text(what).text(" the server of ").text(subject_of(relay.context)).error(errno));
}

void note_stop(Relay *relay, uint32_t signal) {
  if (signal != SIGSTOP && signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU) {
    fail(Line().text("the server of ").text(subject_of(relay->context)).text(" reports a stop by signal ").natural(signal).text(", which stops nothing"));
  }
  relay->stop_signal = static_cast<int>(signal);
  relay->continued = false;
  relay->stop_at = sys::monotonic_milliseconds() + (continue_is_unanswered() ? CROSSING_LIMIT_MS : 0);
  continue_is_answered();
}

void obey(Relay *relay, const core::Message &message) {
  switch (message.kind) {
    case core::Kind::stopped:
      return note_stop(relay, message.value);
    case core::Kind::continued:
      relay->stop_signal = 0;
      relay->continued = true;
      continue_is_answered();
      return;
    case core::Kind::moments:
      return note_moments_of_server();
    case core::Kind::ended:
      end_as_told(core::WaitTable::exact, message.value, relay->context);
    default:
      break;
  }
  Line line;
  line.text("the server of ").text(subject_of(relay->context)).text(" says what has no meaning during a call: a message of kind ");
  fail(line.number(static_cast<int>(message.kind)));
}

// All that has come, before anything is done about it: a script that has stopped may have been continued, or have ended, since.
void take_messages(Relay *relay) {
  core::Message message;
  core::Code code = core::E_NONE;
  for (;;) {
    switch (take_message(&message, &code)) {
      case Taken::none:
        return;
      case Taken::garbled:
        fail(words_of(code, core::messages_subject()));
      case Taken::message:
        obey(relay, message);
    }
  }
}

void receive_more(Relay *relay) {
  switch (receive_bytes(relay->connection)) {
    case Received::bytes:
      return take_messages(relay);
    case Received::nothing:
      return;
    case Received::ended:
      fail_lost(relay->context, !receives_more()      ? "the call began just as it was withdrawn, and how it ended cannot be known"
                                : is_within_message() ? "what it was saying is cut short"
                                                      : "it went without telling how the call ended");
    case Received::failed:
      fail_to("cannot read from", *relay);
  }
}

void follow_stop(Relay *relay) {
  if (relay->stop_signal == 0 || sys::monotonic_milliseconds() < relay->stop_at) return;
  const int signal = relay->stop_signal;
  relay->stop_signal = 0;
  stop_until_wanted(signal);
  // The server lets this process go on where somebody else has let the script. Told once more to go on, that would forget a stop that
  // has come since (signal(7), SIGCONT).
  if (receives_more()) receive_more(relay);
  if (!relay->continued) send_continue_first();
}

// How long to wait: until it is time to stop.
int wait_limit(const Relay &relay) {
  if (relay.stop_signal == 0) return NEVER;
  const long long left = relay.stop_at - sys::monotonic_milliseconds();
  return left > 0 ? static_cast<int>(left) : 0;
}

void wait_for_something(Relay *relay, bool unsent) {
  // A connection that receives no more always counts as readable. Its end is seen without asking (poll(2), POLLHUP).
  const int events = (receives_more() ? POLLIN : 0) | (unsent ? POLLOUT : 0);
  pollfd set[] = {{relay->connection, static_cast<short>(events), 0}, {signal_descriptor(), POLLIN, 0}};
  if (sys::wait_ready(set, 2, wait_limit(*relay)) < 0) fail_to("cannot wait for", *relay);
  if (set[1].revents != 0) collect_signals();
  if ((set[0].revents & ~POLLOUT) != 0) receive_more(relay);
}

// The script has its own now. Were these kept, a pipe that the script closes early would stay open until it ends; standard
// error stays, for errors to be told, and the terminal, to be asked about the foreground.
void let_go_of_standard_descriptors() {
  if (sys::terminal_place(STDIN_FILENO) == sys::TerminalPlace::none) close(STDIN_FILENO);
  close(STDOUT_FILENO);
}

}  // namespace

void relay_call(int connection, const Context &context) {
  // The script has begun: it must not be run a second time, and its server is not to be undone.
  commit();
  let_go_of_standard_descriptors();
  Relay relay{connection, context, 0, 0, false};
  take_messages(&relay);
  for (;;) {
    follow_stop(&relay);
    const bool unsent = !send_signals(connection, context);
    wait_for_something(&relay, unsent);
  }
}

}  // namespace prefork::client
