// Processes: waiting for them, their groups and sessions, the signals they start with, their names.
#pragma once

#include <stddef.h>
#include <sys/types.h>

namespace prefork::sys {

// wait4(2) with these options (WNOHANG, WUNTRACED ..); EINTR is taken up again.
pid_t wait_for(pid_t pid, int *status, int options);

// How a process has changed without ending: waitid(2) with WSTOPPED, WCONTINUED and WNOHANG, which takes the change so that
// it is told once. An end is left to wait_for, and is no change here.
enum class Change { none, stopped, continued };
int take_change(pid_t pid, Change *change, int *signal);

// pidfd_open(2): readable once the process has ended. Close-on-exec by itself. ENOSYS before Linux 5.3.
int open_process(pid_t pid);

// setpgid(2), setsid(2), getppid(2), kill(2).
int set_process_group(pid_t pid, pid_t group);
int set_session();
pid_t parent();
int send_signal(pid_t pid_or_negative_group, int signal);

// PR_SET_PDEATHSIG: the signal this process gets when the thread that made it ends; 0 for none. A fork clears it in the
// child, an execve(2) keeps it. The caller compares parent() afterwards: a parent that had gone before sends nothing.
int set_parent_death_signal(int signal);

// Every ignored signal back to its default action, but for the `count` in `keep`. (Ignored is what an execve(2) passes on;
// handlers it resets by itself.) Signals that the C library keeps to itself are passed over.
void default_ignored_signals(const int *keep, size_t count);

// No signal blocked in the calling thread.
int unblock_signals();

// Ends the process by this signal, as if it had come from outside: default action, not blocked, no core dump (neither to a
// file nor to a program that core_pattern names). Returns only where the system does not let it happen, as for process 1.
void end_by_signal(int signal);

// PR_SET_NAME and PR_GET_NAME of the calling thread; 15 bytes count.
int set_thread_name(const char *name);
int thread_name(char (&name)[16]);

// getrandom(2), all of the bytes.
int random_bytes(void *data, size_t size);

}  // namespace prefork::sys
