// Whose the lock file is: its one line is the number of the process that starts the server, and then of the server itself. By it a call
// that waits for somebody else's start finds out that it waits in vain.
#pragma once

#include "client/failure.h"
#include "client/rendezvous.h"

namespace prefork::client {

// Writes the number of this process into the lock file, which is open here and locked.
void note_starter(int lock);

// Whether somebody else, who holds the lock, is not to be waited for (any longer): because that is one of this process's own ancestors,
// as for an initialisation that calls its own script, and so waits for this call; because it is stopped; or because there has been
// waiting for long enough. `why` says so.
bool waits_in_vain(const Context &context, const Rendezvous &rendezvous, Line *why);

// Between two looks at a lock that somebody else holds: short at first, then as long as nobody notices.
class Pause {
 public:
  void make();

 private:
  int milliseconds_ = 1;
};

// The lock was found to be free: a later wait is another one, with a limit of its own.
void wait_is_over();

// Lets the server go on, if it has been stopped (SIGSTOP): a call that was withdrawn has left its descriptors in a queue, and the
// reader of a pipe waits until the server sees that its caller is gone, and closes them.
void wake_server(const Rendezvous &rendezvous);

}  // namespace prefork::client
