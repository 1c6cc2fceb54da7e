#include "client/commitment.h"

#include <stdlib.h>

#include "client/failure.h"
#include "client/offer.h"
#include "client/preclean.h"
#include "client/spawn.h"
#include "sys/descriptors.h"

namespace prefork::client {

namespace {

// How long an offer waits to be taken while nobody is starting the server: a script that calls itself more often than the server may have
// executors, or a server that stands still, is not to be waited for longer than the script itself might take to start.
constexpr int START_LIMIT_MS = 1000;

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
}

bool is_listening(const Rendezvous &rendezvous) {
  const int connection = connect_rendezvous_within(rendezvous, 0);
  if (connection >= 0) sys::close_descriptor(connection);
  return connection >= 0;
}

// Offers the call to the server that there is. Returns where there is none (any more). `locked`: this process holds the lock.
void try_server(const Context &context, const Rendezvous &rendezvous, bool locked) {
  const int limit = start_limit();
  begin_signals();
  const int connection = connect_rendezvous_within(rendezvous, limit);
  bool starting = false;
  for (Answer answer = Answer::late; connection >= 0;) {
    answer = offer_call(connection, context, limit);
    if (answer == Answer::started) relay_committed(connection, context, rendezvous);
    if (answer == Answer::refused) fail_refused(context);
    if (answer == Answer::garbled) fail_garbled(context);
    if (answer == Answer::ended) break;
    // A server that is being started listens before it can answer. Once it has been started, it gets the limit for itself.
    const bool was_starting = starting;
    starting = !locked && is_locked_by_other(rendezvous);
    if (starting || was_starting) continue;
    withdraw(connection, context, rendezvous);
    fail(Line().text("the server of ").text(subject_of(context)).text(" did not take the call within ").number(limit).text(" ms"));
  }
  if (connection >= 0) sys::close_descriptor(connection);
  // What follows takes its time, and a signal is to do meanwhile what it always does.
  end_signals();
}

// Starts a server, for which this process holds the lock, and offers it the call. Returns where it has gone, or the call is to be
// offered anew.
void try_new_server(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous) {
  const int connection = start_server(context, interpreter, rendezvous);
  begin_signals();
  const Answer answer = offer_call(connection, context, FIRST_ANSWER_LIMIT_MS);
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
  preclean(rendezvous);
  for (int lost = 0; lost < LOST_SERVERS_LIMIT; lost++) {
    lock_rendezvous(rendezvous);
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
