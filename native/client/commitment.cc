#include "client/commitment.h"

#include <errno.h>
#include <stdlib.h>

#include "client/call_message.h"
#include "client/failure.h"
#include "client/limits.h"
#include "client/offer.h"
#include "client/preclean.h"
#include "client/spawn.h"
#include "client/starter.h"
#include "client/trace.h"
#include "sys/descriptors.h"
#include "sys/process.h"
#include "sys/ready.h"

namespace prefork::client {

namespace {

// How long an offer waits to be taken while nobody is starting the server: a script that calls itself more often than the server may have
// executors, or a server that stands still, is not to be waited for longer than the script itself might take to start.
constexpr int START_LIMIT_MS = 1000;

// How soon, and then how often, it is looked whether somebody is starting it. Not so soon that a call is still on its way to a server
// that is there.
constexpr int FIRST_LOOK_MS = 250;
constexpr int LONGEST_LOOK_MS = 1000;

// So long a new server that listens has for its first call: it has nothing else to do, unless it was stopped.
constexpr int NEW_SERVER_LIMIT_MS = 10000;

// What is to be allowed by the hard limit, to which Node raises its own when it starts. Node has about 20 descriptors open, and ends by a
// signal or with a status of its own where it gets no more of them; the handover takes 4, the server a few for itself and for each
// call, and the script what it likes.
constexpr rlim_t DESCRIPTORS_OF_SERVER = 128;

// For slow machines, and for tests.
constexpr char START_LIMIT_VARIABLE[] = "PREFORK_INTERP_START_LIMIT_MS";
constexpr int START_LIMIT_DIGITS = 8;

int start_limit() {
  const char *value = getenv(START_LIMIT_VARIABLE);
  if (value == nullptr || *value == 0) return START_LIMIT_MS;
  int limit = 0;
  for (int i = 0; value[i] != 0; i++) {
    if (value[i] < '0' || value[i] > '9' || i >= START_LIMIT_DIGITS) return START_LIMIT_MS;
    limit = limit * 10 + (value[i] - '0');
  }
  return limit;
}

[[noreturn]] void relay_committed(int connection, const Context &context, const Rendezvous &rendezvous) {
  note_moment(core::MOMENT_CLIENT_STARTED);
  if (is_debugging()) complain(Line().text(subject_of(context)).text(": taken by the server on ").text(rendezvous.socket));
  relay_call(connection, context);
}

[[noreturn]] void fail_refused(const Context &context) {
  fail(Line().text("the server of ").text(subject_of(context)).text(" does not take the call: ").text(refusal_reason()));
}

[[noreturn]] void fail_garbled(const Context &context) {
  fail(Line().text("what the server of ").text(subject_of(context)).text(" says is no answer: ").text(refusal_reason()));
}

// No executor commits the call after this. Returns unless one has.
void withdraw(int connection, const Context &context, const Rendezvous &rendezvous) {
  if (withdraw_call(connection)) relay_committed(connection, context, rendezvous);
  sys::close_descriptor(connection);
  wake_server(rendezvous);
}

[[noreturn]] void fail_late(const Context &context, int milliseconds) {
  fail(Line().text("the server of ").text(subject_of(context)).text(" did not take the call within ").number(milliseconds).text(" ms"));
}

bool is_listening(const Rendezvous &rendezvous) {
  pid_t starter = 0;
  const int connection = connect_rendezvous_within(rendezvous, 0, &starter);
  if (connection >= 0) sys::close_descriptor(connection);
  return connection >= 0;
}

// Before anything is started: a setup that runs out of descriptors fails as if it were the script that does.
void check_descriptors(const Context &context) {
  const rlim_t most = resource_limits()[RLIMIT_NOFILE].rlim_max;
  if (most >= DESCRIPTORS_OF_SERVER) return;
  fail(Line().text("too few descriptors for a server of ").text(subject_of(context)).text(": the hard limit is ").natural(most).text(", it needs ").natural(DESCRIPTORS_OF_SERVER));
}

// The usual starter has gone by now, with its call: then there is nothing to ask.
bool is_alive(pid_t starter) { return starter > 0 && (sys::send_signal(starter, 0) == 0 || errno == EPERM); }

// Waits while somebody is starting the server. A server that is being started listens before it can answer, and what it is sent would
// stay in its queue, the ends of pipes too, even if this call is given up: so nothing is sent before.
void await_start(const Context &context, const Rendezvous &rendezvous) {
  if (!is_locked_by_other(rendezvous)) return;
  // It may take its time, and a signal is to do meanwhile what it always does.
  end_signals();
  for (Pause pause; is_locked_by_other(rendezvous); pause.make()) {
    Line why;
    if (waits_in_vain(context, rendezvous, &why)) fail(why);
  }
  begin_signals();
}

// Offers the call to the server that there is. Returns where there is none (any more). `locked`: this process holds the lock.
void try_server(const Context &context, const Rendezvous &rendezvous, bool locked) {
  const int limit = start_limit();
  begin_signals();
  pid_t starter = 0;
  const int connection = connect_rendezvous_within(rendezvous, limit, &starter);
  if (connection >= 0) note_moment(core::MOMENT_CLIENT_CONNECTED);
  if (connection >= 0 && !locked && is_alive(starter)) await_start(context, rendezvous);
  long long begun = sys::monotonic_milliseconds();
  int look = FIRST_LOOK_MS;
  for (Answer answer = Answer::late; connection >= 0;) {
    const long long left = begun + limit - sys::monotonic_milliseconds();
    answer = offer_call(connection, context, rendezvous, left <= 0 ? 0 : left < look ? static_cast<int>(left) : look);
    if (answer == Answer::started) relay_committed(connection, context, rendezvous);
    if (answer == Answer::refused) fail_refused(context);
    if (answer == Answer::garbled) fail_garbled(context);
    if (answer == Answer::ended) break;
    look = look * 2 < LONGEST_LOOK_MS ? look * 2 : LONGEST_LOOK_MS;
    // A server that is being started listens before it can answer. Once it has been started, it gets the limit for itself.
    if (!locked && is_locked_by_other(rendezvous)) {
      Line why;
      if (waits_in_vain(context, rendezvous, &why)) {
        withdraw(connection, context, rendezvous);
        fail(why);
      }
      begun = sys::monotonic_milliseconds();
    }
    if (sys::monotonic_milliseconds() - begun < limit) continue;
    withdraw(connection, context, rendezvous);
    fail_late(context, limit);
  }
  if (connection >= 0) sys::close_descriptor(connection);
  // What follows takes its time, and a signal is to do meanwhile what it always does.
  end_signals();
}

// Starts a server, for which this process holds the lock, and offers it the call. Returns where it has gone, or the call is to be
// offered anew.
void try_new_server(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous) {
  // A server that there was has gone.
  forget_moment(core::MOMENT_CLIENT_CONNECTED);
  forget_moment(core::MOMENT_CLIENT_SENT);
  note_moment(core::MOMENT_CLIENT_STARTS_SERVER);
  const int connection = start_server(context, interpreter, rendezvous);
  note_moment(core::MOMENT_CLIENT_STARTED_SERVER);
  begin_signals();
  Answer answer = offer_call(connection, context, rendezvous, NEW_SERVER_LIMIT_MS);
  if (answer == Answer::late) {
    if (is_listening(rendezvous)) {
      withdraw(connection, context, rendezvous);
      fail_late(context, NEW_SERVER_LIMIT_MS);
    }
    answer = offer_call(connection, context, rendezvous, FIRST_ANSWER_LIMIT_MS - NEW_SERVER_LIMIT_MS);
  }
  if (answer == Answer::started) relay_committed(connection, context, rendezvous);
  if (answer == Answer::refused) fail_refused(context);
  if (answer == Answer::garbled) fail_garbled(context);
  if (answer == Answer::late) {
    withdraw(connection, context, rendezvous);
    fail_held_open(context);
  }
  sys::close_descriptor(connection);
  // A stop and a continuation come to this too, with a server that is there. Without, setup was a script that has run to its end.
  if (!is_listening(rendezvous)) fail_without_server(context);
  undo_on_failure(nullptr, nullptr);
  end_signals();
}

}  // namespace

void call_ours(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous) {
  bool fresh = context.options.mode == core::Mode::fresh;
  if (!fresh) try_server(context, rendezvous, false);
  // Before a setup is begun that would fail on it (Node 24 looks for a package.json there), or could not pass it on.
  check_working_directory(context);
  check_descriptors(context);
  preclean(rendezvous);
  for (int lost = 0; lost < LOST_SERVERS_LIMIT; lost++) {
    lock_rendezvous(context, rendezvous);
    // Whoever held the lock before us may have started one.
    if (!fresh) try_server(context, rendezvous, true);
    try_new_server(context, interpreter, rendezvous);
    unlock_rendezvous();
    // What -f asked for has been done.
    fresh = false;
  }
  fail(Line().text("every server of ").text(subject_of(context)).text(" goes before it takes the call: gave up"));
}

void commit() {
  instead_of_failing(nullptr, nullptr);
  undo_on_failure(nullptr, nullptr);
  unlock_rendezvous();
}

}  // namespace prefork::client
