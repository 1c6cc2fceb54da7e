// What a server answers to the offer of a call.
#pragma once

#include "client/offer.h"

namespace prefork::client {

// What one recvmsg(2), which does not wait, brings: `late` for nothing, or nothing that decides. `again`: there may be more.
Answer next_answer(int connection, bool *again);

// The first that decides, of all that has come by now.
Answer all_answers(int connection);

}  // namespace prefork::client
