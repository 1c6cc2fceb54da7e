// The client as a job of its caller's shell: it is stopped when its script is, and goes on when that may go on.
//
// A script that runs as a process of its own is a member of its shell's job. Here the client is that member, and the executor is in a group
// and a session of the server's, where no terminal reaches it. So the shell and the terminal deal with the client, and the client passes
// on what they want: a SIGTSTP of ^Z is sent to the script, and only when that has stopped does the client stop, by the same
// signal, so that the shell takes the terminal back exactly when it would from the script itself.
#pragma once

namespace prefork::client {

// Stops this process by that signal, and returns when the script may go on.
//
// `bg` lets a job go on without the terminal, and a script that reads from it is stopped at once by SIGTTIN (tty_ioctl(4)). The
// kernel does not do that for an executor, whose controlling terminal it is not: it would take the input from the shell. Hence the
// client, where standard input is its terminal, does not let a script go on in the background: it stops again, by SIGTTIN.
//
// It returns too where a signal waits that would end the script. A shell that is told to kill a stopped job, or that ends, sends SIGTERM or SIGHUP
// and then SIGCONT to a job in the background.
void stop_until_wanted(int signal);

}  // namespace prefork::client
