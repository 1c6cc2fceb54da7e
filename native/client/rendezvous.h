// The rendezvous: where the callers and the server of one identity meet.
#pragma once

#include "client/call_context.h"
#include "client/interpreter.h"
#include "client/run_directory.h"

namespace prefork::client {

struct Rendezvous {
  RunDirectory directory;
  char socket[core::SOCKET_PATH_BYTES];  // sIDENT or s2.IDENT, with the run directory before it
  char lock[core::SOCKET_PATH_BYTES];    // lIDENT or l2.IDENT
  const char *ident;                     // what the two have in common: within `socket`
};

// Works out identity and paths, of scheme 2 where the interpreter has an adapter. Where `make_directory` is false and there is no run
// directory, its `exists` says so.
void find_rendezvous(const Context &context, const Interpreter &interpreter, bool make_directory, Rendezvous *rendezvous);

// Whether an ident is one of scheme 2, so that version 2 is spoken there.
bool is_ident_of_ours(const char *ident);

// A connection to whoever listens there, or -1 where nobody does: "no server". Anything else that goes wrong is an error, and
// so is a listener that belongs to another user. The first is blocking, and waits long for room in the listener's queue; the second is
// neither: who needs that long can be done without. `starter`: the process that made the listener, or 0 where the system does not tell.
int connect_rendezvous(const Rendezvous &rendezvous);
int connect_rendezvous_within(const Rendezvous &rendezvous, int milliseconds, pid_t *starter);

// Takes the lock, waiting for it: its holder is starting a server. Fails where that is in vain (starter.h). Signals do meanwhile what
// they always do.
void lock_rendezvous(const Context &context, const Rendezvous &rendezvous);

// Lets those who wait for the lock know that this process, which holds it, is starting a server.
void announce_start();

// Gives it up, if this process has it. In a child just forked: closes its copy, by which the lock would outlive this process.
void unlock_rendezvous();

// Whether somebody else holds the lock now.
bool is_locked_by_other(const Rendezvous &rendezvous);

// Removes socket and lock file, for which the caller holds the lock; true where there was a socket.
bool remove_rendezvous(const Rendezvous &rendezvous);

}  // namespace prefork::client
