// What proc(5) tells of a process that need not be a child. By the time it is read, the process may be another one's number.
#pragma once

#include <stddef.h>
#include <sys/types.h>

namespace prefork::sys {

struct ProcessLook {
  char state;  // R running, S asleep, T stopped by a signal, Z ended ..
  pid_t parent;
};

// /proc/PID/stat. False where there is no such process, or no /proc.
bool look_at_process(pid_t pid, ProcessLook *look);

// Whether its command line, as ps(1) shows it, begins with this, which is short.
bool command_line_begins(pid_t pid, const char *beginning);

}  // namespace prefork::sys
