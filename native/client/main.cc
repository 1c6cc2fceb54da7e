// prefork-interp: the program named in `#!`. Straight through: options, interpreter, rendezvous, connection, call, status.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/call_context.h"
#include "client/commitment.h"
#include "client/connection.h"
#include "client/direct.h"
#include "client/examine.h"
#include "client/explain.h"
#include "client/failure.h"
#include "client/interpreter.h"
#include "client/rendezvous.h"
#include "client/trace.h"
#include "client/usage.h"
#include "client/watcher.h"
#include "client/when_direct.h"
#include "sys/descriptors.h"

namespace prefork::client {
namespace {

Context read_command_line(int argument_count, char **arguments) {
  Context context{};
  context.argument_count = argument_count;
  context.arguments = arguments;
  const char *subject = "";
  const core::Code code = core::parse_options(argument_count, arguments, &context.options, &subject);
  if (code != core::E_NONE) fail_for_good_with(code, subject);
  return context;
}

// Before anything else is opened: a socket that landed on 0, 1 or 2 would be sent to the server as a standard descriptor.
void fill_standard_descriptors() {
  if (sys::fill_standard_descriptors() != 0) fail(Line().text("cannot open /dev/null").error(errno));
}

// Version 1 has no means to pass on a working directory, or what else setup must not see.
void check_mediation(const Context &context, const Interpreter &interpreter) {
  if (context.options.mediation != core::Mediation::laundered || interpreter.adapted != nullptr) return;
  fail(Line().text("-L needs an interpreter that has an adapter, which ").text(context.options.interpreter).text(" is not"));
}

[[noreturn]] void kill(const Context &context) {
  fill_standard_descriptors();
  static Interpreter interpreter;
  static Rendezvous rendezvous;
  find_interpreter(context.options.interpreter, &interpreter);
  find_adapter_of(&interpreter);
  find_rendezvous(context, interpreter, false, &rendezvous);
  kill_server(context, rendezvous);
  _exit(0);
}

[[noreturn]] void explain(const Context &context) {
  static Interpreter interpreter;
  static Rendezvous rendezvous;
  find_interpreter(context.options.interpreter, &interpreter);
  find_adapter_of(&interpreter);
  find_rendezvous(context, interpreter, false, &rendezvous);
  print_explanation(context, interpreter, rendezvous);
}

[[noreturn]] void examine(const Context &context) {
  fill_standard_descriptors();
  static Interpreter interpreter;
  find_interpreter(context.options.interpreter, &interpreter);
  check_interpreter(context.options.interpreter, interpreter);
  find_adapter_of(&interpreter);
  become_examined(context, interpreter);
}

[[noreturn]] void call(const Context &context) {
  run_directly_where_asked(context);
  run_directly_instead_of_failing(context);
  fill_standard_descriptors();
  refuse_channel();
  static Interpreter interpreter;
  static Rendezvous rendezvous;
  find_interpreter(context.options.interpreter, &interpreter);
  find_adapter_of(&interpreter);
  check_mediation(context, interpreter);
  if (interpreter.adapted != nullptr) {
    refuse_watched();
    refuse_background();
  }
  find_rendezvous(context, interpreter, true, &rendezvous);
  note_moment(core::MOMENT_CLIENT_IDENTIFIED);
  if (interpreter.adapted != nullptr) call_ours(context, interpreter, rendezvous);
  call_released(context, interpreter, rendezvous);
}

[[noreturn]] void run(int argument_count, char **arguments) {
  if (argument_count == 2 && strcmp(arguments[1], "--version") == 0) print_version();
  static Context context;
  context = read_command_line(argument_count, arguments);
  switch (context.options.mode) {
    case core::Mode::help:
      print_usage();
    case core::Mode::kill:
      kill(context);
    case core::Mode::explain:
      explain(context);
    case core::Mode::examine:
      examine(context);
    case core::Mode::run:
    case core::Mode::fresh:
      break;
  }
  call(context);
}

}  // namespace
}  // namespace prefork::client

int main(int argument_count, char **arguments) {
  using namespace prefork;
  client::begin_trace();
  if (client::is_watcher(argument_count, arguments)) _exit(client::watcher_main(arguments));
  client::run(argument_count, arguments);
}
