// Signals that are taken from a queue instead of interrupting: blocked, and read from a descriptor (signalfd(2)).
#pragma once

#include <signal.h>
#include <stddef.h>

namespace prefork::sys {

// pthread_sigmask(3) SIG_BLOCK of the calling thread, which the threads and processes that it makes inherit. `before`, if not
// null, gets the mask as it was; SIG_SETMASK puts such a one back.
int block_signals(const sigset_t *signals, sigset_t *before = nullptr);
int set_signal_mask(const sigset_t *mask);

// signalfd(2), close-on-exec and non-blocking.
int open_signals(const sigset_t *signals);

// Both sets of pending signals, the process's and the thread's, filled with every signal that does not queue up.
inline constexpr size_t SIGNALS_PER_READ = 64;

// The numbers of those that are queued now, at most SIGNALS_PER_READ; returns how many, 0 where there are none. A
// signalfd(2) gives whoever reads it his own signals, so it serves the child of a fork as well.
int read_signals(int fd, int (&numbers)[SIGNALS_PER_READ]);

}  // namespace prefork::sys
