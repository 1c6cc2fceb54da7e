#include "client/connection.h"

#include <errno.h>

#include "client/call.h"
#include "client/failure.h"
#include "client/interpreter.h"
#include "client/preclean.h"
#include "client/spawn.h"
#include "sys/descriptors.h"
#include "sys/lock.h"

namespace prefork::client {

namespace {

// How long the lock is kept while a server that accepted the connection has not greeted. A server whose hands are full may take
// hours, and whoever wants to replace or kill it must not have to wait for that; one that is about to fail does so sooner.
constexpr int GREETING_UNDER_LOCK_MS = 1000;

// So often has a server gone after it had let us wait for longer than that. It is no coincidence, and no use.
constexpr int LOST_SERVERS_LIMIT = 100;

constexpr int NO_SERVER = -1;

// A greeted connection, or NO_SERVER. Where `*lock` is not -1, it is given up (and -1) if the greeting is long in coming.
int try_server(const Context &context, const Rendezvous &rendezvous, int *lock) {
  const int connection = connect_rendezvous(rendezvous);
  if (connection < 0) return NO_SERVER;
  Greeting greeting = read_greeting(connection, context, *lock < 0 ? -1 : GREETING_UNDER_LOCK_MS);
  if (greeting == Greeting::late) {
    sys::close_descriptor(*lock);
    *lock = -1;
    greeting = read_greeting(connection, context, -1);
  }
  if (greeting == Greeting::complete) return connection;
  sys::close_descriptor(connection);
  return NO_SERVER;
}

}  // namespace

int connect_or_start(const Context &context, const Rendezvous &rendezvous) {
  const bool fresh = context.options.mode == core::Mode::fresh;
  int lock = -1;
  int connection = fresh ? NO_SERVER : try_server(context, rendezvous, &lock);
  if (connection != NO_SERVER) return connection;
  // Before anything is made, or an old server let go: one that cannot be run is an error that changes nothing.
  Interpreter interpreter;
  find_interpreter(context.options.interpreter, &interpreter);
  preclean(rendezvous);
  for (int lost = 0; lost < LOST_SERVERS_LIMIT; lost++) {
    lock = lock_rendezvous(rendezvous);
    // Whoever held the lock before us may have started one.
    if (!fresh) connection = try_server(context, rendezvous, &lock);
    if (connection == NO_SERVER && lock >= 0) connection = start_server(context, interpreter, rendezvous, lock);
    if (lock >= 0) sys::close_descriptor(lock);
    if (connection != NO_SERVER) return connection;
  }
  fail(Line().text("every server of ").text(subject_of(context)).text(" goes before it greets: gave up"));
}

void kill_server(const Rendezvous &rendezvous) {
  if (!rendezvous.directory.exists) return;
  preclean(rendezvous);
  const int lock = lock_rendezvous(rendezvous);
  remove_rendezvous(rendezvous);
  sys::close_descriptor(lock);
}

}  // namespace prefork::client
