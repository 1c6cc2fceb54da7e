// The signals of a call: those that a process which ran the script itself would get from its caller or its terminal.
//
// They are blocked and come by a descriptor (signalfd(2)), because only so they all come: one that the caller has ignored stays ignored
// over an execve(2), but the kernel queues it where it is blocked (sig_ignored in kernel/signal.c). The script's process decides what it
// makes of it, as it would without us; Node, for one, sets all of them to their defaults when it starts.
//
// begin_signals() and end_signals() are in offer.h. Two of the same signal may become one, as they may on their way to any process
// (signal(7)).
#pragma once

namespace prefork::client {

enum class Manner {
  any,
  ending,    // ends a process that does nothing about it
  stopping,  // stops it, but for SIGSTOP, which nobody can see coming
};

// Readable when there is something to collect. -1 before begin_signals(), and where there is none to be had: errno tells why.
int signal_descriptor();

// Takes all that have come.
void collect_signals();

// Adds one to those that wait. Of a SIGCONT and a stop the later one takes the earlier one away, as in the kernel (prepare_signal).
void add_signal(int signal);

// The lowest of this manner that waits, or 0. It goes on waiting.
int waiting_signal(Manner manner);

void forget_signal(int signal);
void forget_signals();

}  // namespace prefork::client
