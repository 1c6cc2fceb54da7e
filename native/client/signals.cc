#include "client/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>

#include "client/offer.h"
#include "sys/descriptors.h"
#include "sys/signal_queue.h"

namespace prefork::client {

namespace {

// By number, one bit each.
using Set = uint64_t;

constexpr Set bit(int signal) { return Set{1} << signal; }

constexpr int ENDING[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM};
constexpr int STOPPING[] = {SIGTSTP, SIGTTIN, SIGTTOU};
// These do nothing to a process that has just begun: SIGWINCH and SIGCONT by default, SIGPIPE because Node ignores it from its
// start on. They wait until the call has started.
constexpr int OTHERS[] = {SIGPIPE, SIGWINCH, SIGCONT};

template <size_t count>
constexpr Set set_of(const int (&signals)[count]) {
  Set set = 0;
  for (const int signal : signals) set |= bit(signal);
  return set;
}

constexpr Set OF_STOPPING = set_of(STOPPING);
constexpr Set RELAYED = set_of(ENDING) | OF_STOPPING | set_of(OTHERS);

int descriptor = -1;
int reason_for_none = 0;
sigset_t mask_of_caller;
Set waiting = 0;

constexpr Set set_of(Manner manner) {
  return manner == Manner::any ? RELAYED : manner == Manner::ending ? set_of(ENDING) : OF_STOPPING;
}

sigset_t relayed_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal = 1; signal < 64; signal++) {
    if ((RELAYED & bit(signal)) != 0) sigaddset(&signals, signal);
  }
  return signals;
}

}  // namespace

void begin_signals() {
  if (descriptor >= 0) return;
  const sigset_t signals = relayed_signals();
  // Blocked first: one that came in between would end this process, which is right, or be lost where it is ignored, which is not.
  if (sys::block_signals(&signals, &mask_of_caller) == 0) {
    descriptor = sys::open_signals(&signals);
    if (descriptor >= 0) return;
    reason_for_none = errno;
    sys::set_signal_mask(&mask_of_caller);
  } else {
    reason_for_none = errno;
  }
}

void end_signals() {
  if (descriptor < 0) return;
  // What is left of those that have come does nothing to a process that has not begun: offer_call() has obeyed the others.
  forget_signals();
  sys::close_descriptor(descriptor);
  descriptor = -1;
  sys::set_signal_mask(&mask_of_caller);
}

int signal_descriptor() {
  if (descriptor < 0) errno = reason_for_none;
  return descriptor;
}

void collect_signals() {
  int numbers[sys::SIGNALS_PER_READ];
  // Non-blocking: an error is as good as nothing, and there is none but a descriptor that is not ours.
  const int count = sys::read_signals(descriptor, numbers);
  for (int i = 0; i < count; i++) add_signal(numbers[i]);
}

void add_signal(int signal) {
  if (signal == SIGCONT) waiting &= ~OF_STOPPING;
  if ((OF_STOPPING & bit(signal)) != 0) waiting &= ~bit(SIGCONT);
  waiting |= bit(signal);
}

int waiting_signal(Manner manner) {
  const Set found = waiting & set_of(manner);
  return found == 0 ? 0 : __builtin_ctzll(found);
}

void forget_signal(int signal) { waiting &= ~bit(signal); }

void forget_signals() { waiting = 0; }

}  // namespace prefork::client
