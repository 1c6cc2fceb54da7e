#include "client/job.h"

#include <signal.h>
#include <unistd.h>

#include "client/signals.h"
#include "sys/stop.h"
#include "sys/terminal.h"

namespace prefork::client {

void stop_until_wanted(int signal) {
  bool continued = sys::stop_by_signal(signal);
  for (;;) {
    collect_signals();
    // Not stopped at all: this process's group is orphaned, so that no shell is there to let it go on (setpgid(2)). The script,
    // too, would have gone on.
    if (!continued) return;
    if (waiting_signal(Manner::ending) != 0) return;
    if (sys::terminal_place(STDIN_FILENO) != sys::TerminalPlace::background) return;
    continued = sys::stop_by_signal(SIGTTIN);
  }
}

}  // namespace prefork::client
