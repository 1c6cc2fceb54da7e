// Preclean: too many rendezvous in the run directory, and the least recently used of them are removed.
#pragma once

#include "client/rendezvous.h"

namespace prefork::client {

// Which ones is the core's to say; never the one in use. One whose lock is held is left alone: somebody is starting it. So is one that may have a call
// (at_work.h), and the next has to go in its stead. What cannot be removed is left for the next time, for a call must not fail over housekeeping.
void preclean(const Rendezvous &in_use);

}  // namespace prefork::client
