#include "client/direct.h"

#include <errno.h>
#include <unistd.h>

#include "client/environment.h"
#include "client/failure.h"
#include "client/interpreter.h"
#include "client/offer.h"
#include "client/trace.h"

namespace prefork::client {

namespace {

void run_it(const Line &why, const void *context) { run_directly(*static_cast<const Context *>(context), why.bytes()); }

}  // namespace

void run_directly(const Context &context, const char *why) {
  instead_of_failing(nullptr, nullptr);
  if (is_debugging()) complain(Line().text("running ").text(subject_of(context)).text(" directly: ").text(why));
  // The search does not depend on what may have been found before: it is to be the one that the caller would get now.
  static Interpreter interpreter;
  find_interpreter(context.options.interpreter, &interpreter);
  check_interpreter(context.options.interpreter, interpreter);
  char **arguments = plain_arguments(context);
  char **environment = plain_environment();
  // Whatever else this program has opened is close-on-exec, also what it put on standard descriptors that were closed.
  end_signals();
  leave_trace("direct", why);
  execve(interpreter.program, arguments, environment);
  fail(Line().text("cannot execute ").text(interpreter.program).error(errno));
}

void run_directly_instead_of_failing(const Context &context) {
  if (!context.options.strict) instead_of_failing(run_it, &context);
}

}  // namespace prefork::client
