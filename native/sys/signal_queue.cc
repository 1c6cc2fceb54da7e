#include "sys/signal_queue.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace prefork::sys {

namespace {

int change_mask(int how, const sigset_t *signals, sigset_t *before) {
  const int error = pthread_sigmask(how, signals, before);
  if (error == 0) return 0;
  errno = error;
  return -1;
}

}  // namespace

int block_signals(const sigset_t *signals, sigset_t *before) { return change_mask(SIG_BLOCK, signals, before); }

int set_signal_mask(const sigset_t *mask) { return change_mask(SIG_SETMASK, mask, nullptr); }

int open_signals(const sigset_t *signals) { return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK); }

int read_signals(int fd, int (&numbers)[SIGNALS_PER_READ]) {
  signalfd_siginfo queued[SIGNALS_PER_READ];
  ssize_t bytes;
  do {
    bytes = read(fd, queued, sizeof(queued));
  } while (bytes < 0 && errno == EINTR);
  if (bytes < 0) return errno == EAGAIN ? 0 : -1;
  const size_t count = static_cast<size_t>(bytes) / sizeof(queued[0]);
  for (size_t i = 0; i < count; i++) numbers[i] = static_cast<int>(queued[i].ssi_signo);
  return static_cast<int>(count);
}

}  // namespace prefork::sys
