// Calls that are run directly from the outset: because somebody wants that, or because no executor could be what the script is to be.
#pragma once

#include "client/call_context.h"

namespace prefork::client {

// Runs directly where the environment or the command line asks for it, --strict or not.
void run_directly_where_asked(const Context &context);

// Fails (that is, runs directly) for a caller that talks to its child over a descriptor which no executor would have.
void refuse_channel();

// Fails for a caller that wants a run to be debugged or measured from its beginning.
void refuse_watched();

// Fails where an executor would read what the script is not to have: standard input is a terminal, and this call in the background.
void refuse_background();

}  // namespace prefork::client
