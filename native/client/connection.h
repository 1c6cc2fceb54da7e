// Finding a server or starting one (docs/protocol.md).
#pragma once

#include "client/rendezvous.h"

namespace prefork::client {

// A connection whose server has greeted.
int connect_or_start(const Context &context, const Rendezvous &rendezvous);

// Removes the rendezvous, if there is one, so that its server goes.
void kill_server(const Rendezvous &rendezvous);

}  // namespace prefork::client
