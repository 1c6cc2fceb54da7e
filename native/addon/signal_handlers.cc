#include "addon/signal_handlers.h"

#include <csignal>

namespace prefork::addon {

namespace {

struct Handled {
  bool set_aside;
  struct sigaction action;
};

Handled handled[NSIG];

bool is_fault(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGTRAP;
}

bool is_handled(const struct sigaction& action) {
  if ((action.sa_flags & SA_SIGINFO) != 0) return true;
  return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

}  // namespace

void set_aside_signal_handlers() {
  for (int signal = 1; signal < NSIG; signal++) {
    Handled& entry = handled[signal];
    entry.set_aside = false;
    // Fails for the two that the C library keeps to itself.
    if (is_fault(signal) || sigaction(signal, nullptr, &entry.action) != 0 || !is_handled(entry.action)) continue;
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    entry.set_aside = sigaction(signal, &by_default, nullptr) == 0;
  }
}

void put_back_signal_handlers() {
  for (int signal = 1; signal < NSIG; signal++) {
    Handled& entry = handled[signal];
    if (entry.set_aside) sigaction(signal, &entry.action, nullptr);
    entry.set_aside = false;
  }
}

}  // namespace prefork::addon
