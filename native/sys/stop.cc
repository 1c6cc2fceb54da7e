#include "sys/stop.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

namespace prefork::sys {

bool stop_by_signal(int number) {
  struct sigaction stop {};
  stop.sa_handler = SIG_DFL;
  struct sigaction before;
  // The caller may have had it ignored, and a program that is executed later is to find it so. (SIGSTOP has but one action: EINVAL.)
  const bool restore = sigaction(number, &stop, &before) == 0;
  // Sent while it is blocked it becomes one with what waits already: one stop, not two. Sending it also removes a SIGCONT that
  // waits (prepare_signal in kernel/signal.c), so that what is found below came after.
  kill(getpid(), number);
  sigset_t others;
  sigset_t mask;
  sigfillset(&others);
  sigdelset(&others, number);
  // Here it stops: a signal that this call lets through is delivered before it returns (sigprocmask(2)).
  sigprocmask(SIG_SETMASK, &others, &mask);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  if (restore) sigaction(number, &before, nullptr);
  sigset_t continued;
  sigemptyset(&continued);
  sigaddset(&continued, SIGCONT);
  const timespec at_once{0, 0};
  return sigtimedwait(&continued, nullptr, &at_once) == SIGCONT;
}

}  // namespace prefork::sys
