// The rendezvous: where the callers and the server of one identity meet.
#pragma once

#include "client/call_context.h"
#include "client/run_directory.h"

namespace prefork::client {

struct Rendezvous {
  RunDirectory directory;
  char socket[core::SOCKET_PATH_BYTES];  // sIDENT, with the run directory before it
  char lock[core::SOCKET_PATH_BYTES];    // lIDENT
  const char *ident;                     // within `socket`
};

// Works out identity and paths. Where `make_directory` is false and there is no run directory, its `exists` says so.
void find_rendezvous(const Context &context, bool make_directory, Rendezvous *rendezvous);

// A connection to whoever listens there, or -1 where nobody does: "no server". Anything else that goes wrong is an error, and
// so is a listener that belongs to another user.
int connect_rendezvous(const Rendezvous &rendezvous);

// Takes the lock, waiting for it as long as it takes: its holder is starting a server, and ends when that has ended.
int lock_rendezvous(const Rendezvous &rendezvous);

// Removes socket and lock file, for which the caller holds the lock.
void remove_rendezvous(const Rendezvous &rendezvous);

}  // namespace prefork::client
