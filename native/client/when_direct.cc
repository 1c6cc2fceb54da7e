#include "client/when_direct.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/direct.h"
#include "client/failure.h"
#include "sys/terminal.h"

namespace prefork::client {

namespace {

// The off switch.
constexpr char BYPASS_VARIABLE[] = "PREFORK_INTERP_BYPASS";

// By which a node finds the channel to the node that has started it (child_process.fork).
constexpr char CHANNEL_VARIABLE[] = "NODE_CHANNEL_FD";

bool is_switched_off() {
  const char *value = getenv(BYPASS_VARIABLE);
  return value != nullptr && *value != 0 && strcmp(value, "0") != 0;
}

}  // namespace

void run_directly_where_asked(const Context &context) {
  if (is_switched_off()) run_directly(context, "PREFORK_INTERP_BYPASS says so");
  if (context.options.direct_on_tty && isatty(STDIN_FILENO)) {
    run_directly(context, "standard input is a terminal, and --direct-on-tty was given");
  }
}

void refuse_channel() {
  if (getenv(CHANNEL_VARIABLE) == nullptr) return;
  fail(Line().text("the caller is a node that has a channel to its child (").text(CHANNEL_VARIABLE).text("), which a server cannot be given"));
}

void refuse_background() {
  if (sys::terminal_place(STDIN_FILENO) != sys::TerminalPlace::background) return;
  fail(Line().text("standard input is a terminal, and this call is in the background, where only the script itself can be stopped for reading it"));
}

}  // namespace prefork::client
