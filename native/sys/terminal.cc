#include "sys/terminal.h"

#include <unistd.h>

namespace prefork::sys {

TerminalPlace terminal_place(int fd) {
  // ENOTTY also for a terminal that is not the controlling one: the kernel stops nobody for reading that
  // (__tty_check_change in drivers/tty/tty_jobctrl.c).
  const pid_t foreground = tcgetpgrp(fd);
  if (foreground < 0) return TerminalPlace::none;
  // A group outside of this process's PID namespace is 0 to both: the same one, as far as can be told from in here.
  return foreground == getpgrp() ? TerminalPlace::foreground : TerminalPlace::background;
}

}  // namespace prefork::sys
