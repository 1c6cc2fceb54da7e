// Stopping oneself, as job control does it.
#pragma once

namespace prefork::sys {

// Stops this process by SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU, as if it had come from outside with its default action, and returns when the
// process goes on; its parent sees a stop by that very signal (waitpid(2), WUNTRACED). The SIGCONT that made it go on is taken off the
// queue, for which the caller keeps that signal blocked. False where there was none, because the process has never
// stopped: in an orphaned process group all of them but SIGSTOP do nothing (setpgid(2)).
bool stop_by_signal(int number);

}  // namespace prefork::sys
