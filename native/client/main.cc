// prefork-interp: the program named in `#!`. Straight through: options, rendezvous, connection, request, status.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/call.h"
#include "client/call_context.h"
#include "client/connection.h"
#include "client/failure.h"
#include "client/relay.h"
#include "client/rendezvous.h"
#include "client/usage.h"
#include "client/watcher.h"
#include "sys/descriptors.h"

namespace prefork::client {
namespace {

// A server drops a caller that says nothing for long, and cannot know that it only waits for a processor. Such a caller tries again;
// a server that does it each time has something else against it.
constexpr int REQUEST_ATTEMPTS = 5;

Context read_command_line(int argument_count, char **arguments) {
  Context context{};
  context.argument_count = argument_count;
  context.arguments = arguments;
  const char *subject = "";
  const core::Code code = core::parse_options(argument_count, arguments, &context.options, &subject);
  if (code != core::E_NONE) fail_with(code, subject);
  return context;
}

[[noreturn]] void run(int argument_count, char **arguments) {
  if (argument_count == 2 && strcmp(arguments[1], "--version") == 0) print_version();
  Context context = read_command_line(argument_count, arguments);
  if (context.options.mode == core::Mode::help) print_usage();
  const bool killing = context.options.mode == core::Mode::kill;
  Rendezvous rendezvous;
  find_rendezvous(context, !killing, &rendezvous);
  if (killing) {
    kill_server(rendezvous);
    _exit(0);
  }
  for (int attempt = 1; attempt <= REQUEST_ATTEMPTS; attempt++) {
    const int connection = connect_or_start(context, rendezvous);
    if (send_request(connection, context)) relay(connection, context);
    close(connection);
    // What -f asked for has been done.
    context.options.mode = core::Mode::run;
  }
  fail(Line().text("cannot send the call to the server of ").text(subject_of(context)).error(EPIPE));
}

}  // namespace
}  // namespace prefork::client

int main(int argument_count, char **arguments) {
  using namespace prefork;
  if (client::is_watcher(argument_count, arguments)) _exit(client::watcher_main(arguments));
  // Before anything else is opened: a socket that landed on 0, 1 or 2 would be sent to the server as a standard descriptor.
  if (sys::fill_standard_descriptors() != 0) client::fail(client::Line().text("cannot open /dev/null").error(errno));
  client::run(argument_count, arguments);
}
