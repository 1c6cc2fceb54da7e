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

// What a node reads its options from, besides its arguments; and those of its options that watch one whole run of it, in threads and files
// of which a fork has none.
constexpr char OPTIONS_VARIABLE[] = "NODE_OPTIONS";
constexpr const char *WATCHING[] = {"--inspect", "--cpu-prof", "--heap-prof", "--prof"};

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

void refuse_watched() {
  const char *options = getenv(OPTIONS_VARIABLE);
  if (options == nullptr) return;
  for (const char *option : WATCHING) {
    if (strstr(options, option) == nullptr) continue;
    fail(Line().text("the caller wants to watch this run (").text(OPTIONS_VARIABLE).text(" has ").text(option).text("), and a server's are forked"));
  }
}

void refuse_background() {
  if (sys::terminal_place(STDIN_FILENO) != sys::TerminalPlace::background) return;
  fail(Line().text("standard input is a terminal, and this call is in the background, where only the script itself can be stopped for reading it"));
}

}  // namespace prefork::client
