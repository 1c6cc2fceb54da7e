// The controlling terminal of a process (credentials(7)).
#pragma once

namespace prefork::sys {

// Where this process's group stands with the terminal behind a descriptor.
enum class TerminalPlace {
  none,        // not a terminal, or not the one that controls this process: it decides nothing about its jobs
  foreground,  // may read
  background,  // is stopped by SIGTTIN when it reads
};

// tcgetpgrp(3).
TerminalPlace terminal_place(int fd);

}  // namespace prefork::sys
