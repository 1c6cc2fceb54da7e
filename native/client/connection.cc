#include "client/connection.h"

#include <errno.h>

#include "client/call.h"
#include "client/commitment.h"
#include "client/failure.h"
#include "client/preclean.h"
#include "client/relay.h"
#include "client/spawn.h"
#include "client/starter.h"
#include "client/trace.h"
#include "sys/descriptors.h"

namespace prefork::client {

namespace {

// How long the lock is kept while a server that accepted the connection has not greeted. A server whose hands are full may take
// hours, and whoever wants to replace or kill it must not have to wait for that; one that is about to fail does so sooner.
constexpr int GREETING_UNDER_LOCK_MS = 1000;

// How often a caller that waits for its greeting looks whether the server is still being started, and by whom.
constexpr int LOOK_INTERVAL_MS = 1000;

// A server drops a caller that says nothing for long, and cannot know that it only waits for a processor. Such a caller tries again;
// a server that does it each time has something else against it.
constexpr int REQUEST_ATTEMPTS = 5;

constexpr int NO_SERVER = -1;

// A greeted connection, or NO_SERVER. Where the lock is held, it is given up, and `*locked` false, if the greeting is long in coming.
int try_server(const Context &context, const Rendezvous &rendezvous, bool *locked) {
  const int connection = connect_rendezvous(rendezvous);
  if (connection < 0) return NO_SERVER;
  note_moment(core::MOMENT_CLIENT_CONNECTED);
  Greeting greeting = read_greeting(connection, context, GREETING_UNDER_LOCK_MS);
  for (; greeting == Greeting::late; greeting = read_greeting(connection, context, LOOK_INTERVAL_MS)) {
    unlock_rendezvous();
    *locked = false;
    Line why;
    if (!is_locked_by_other(rendezvous)) {
      wait_is_over();
    } else if (waits_in_vain(context, rendezvous, &why)) {
      fail(why);
    }
  }
  if (greeting == Greeting::complete) return connection;
  sys::close_descriptor(connection);
  return NO_SERVER;
}

// A connection to a new server, greeted.
int start_greeted(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous) {
  note_moment(core::MOMENT_CLIENT_STARTS_SERVER);
  const int connection = start_server(context, interpreter, rendezvous);
  note_moment(core::MOMENT_CLIENT_STARTED_SERVER);
  const Greeting greeting = read_greeting(connection, context, FIRST_ANSWER_LIMIT_MS);
  if (greeting == Greeting::late) fail_held_open(context);
  if (greeting != Greeting::complete) fail_without_server(context);
  undo_on_failure(nullptr, nullptr);
  return connection;
}

// A connection whose server has greeted.
int connect_or_start(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous) {
  const bool fresh = context.options.mode == core::Mode::fresh;
  bool locked = false;
  int connection = fresh ? NO_SERVER : try_server(context, rendezvous, &locked);
  if (connection != NO_SERVER) return connection;
  // Before anything is made, or an old server let go: one that cannot be run is an error that changes nothing.
  check_interpreter(context.options.interpreter, interpreter);
  preclean(rendezvous);
  for (int lost = 0; lost < LOST_SERVERS_LIMIT; lost++) {
    lock_rendezvous(context, rendezvous);
    locked = true;
    // Whoever held the lock before us may have started one.
    if (!fresh) connection = try_server(context, rendezvous, &locked);
    if (connection == NO_SERVER && locked) connection = start_greeted(context, interpreter, rendezvous);
    unlock_rendezvous();
    if (connection != NO_SERVER) return connection;
  }
  fail(Line().text("every server of ").text(subject_of(context)).text(" goes before it greets: gave up"));
}

}  // namespace

void call_released(Context context, const Interpreter &interpreter, const Rendezvous &rendezvous) {
  for (int attempt = 1; attempt <= REQUEST_ATTEMPTS; attempt++) {
    const int connection = connect_or_start(context, interpreter, rendezvous);
    if (send_request(connection, context)) {
      note_moment(core::MOMENT_CLIENT_SENT);
      commit();
      relay(connection, context);
    }
    sys::close_descriptor(connection);
    // What -f asked for has been done.
    context.options.mode = core::Mode::run;
  }
  fail(Line().text("cannot send the call to the server of ").text(subject_of(context)).error(EPIPE));
}

void kill_server(const Context &context, const Rendezvous &rendezvous) {
  bool was_there = false;
  if (rendezvous.directory.exists) {
    preclean(rendezvous);
    lock_rendezvous(context, rendezvous);
    was_there = remove_rendezvous(rendezvous);
    unlock_rendezvous();
  }
  if (!was_there) complain(Line().text("no server of ").text(subject_of(context)).text(" to end"));
}

}  // namespace prefork::client
