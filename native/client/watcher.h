// The watcher: a tiny daemon that tells a server when its socket is gone or replaced.
//
// It says so by ending, which closes its standard error; a line written there before is an error that the server logs. It
// ends by itself when its standard input closes, that is, when nobody is left who holds the other end.
#pragma once

#include <sys/stat.h>

#include "client/failure.h"

namespace prefork::client {

// Starts it for this socket, which it knows by device and inode. Fails where it cannot be started. `*input` becomes the
// writing end of its standard input, `*errors` the reading end of its standard error, non-blocking; both close-on-exec. What goes
// wrong in children on the way there is left in `told`, which is shared with them.
void start_watcher(const char *socket, const struct stat &identity, int *input, int *errors, Line *told);

// Whether these are the arguments of a watcher, and its main(). It is this program over again: executed, and not only forked,
// so that it keeps no page, descriptor or argument of the call that happened to be the first.
bool is_watcher(int argument_count, char **arguments);
int watcher_main(char **arguments);

}  // namespace prefork::client
