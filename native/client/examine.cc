#include "client/examine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "client/environment.h"
#include "client/failure.h"
#include "client/spawn.h"
#include "sys/process.h"

namespace prefork::client {

namespace {

constexpr int REPORT = 3;

}  // namespace

void become_examined(const Context &context, const Interpreter &interpreter) {
  // Nobody but the one who waits for the report would end a setup that does not end by itself.
  sys::set_parent_death_signal(SIGKILL);
  if (interpreter.adapted == nullptr) {
    fail_for_good(Line().text("--examine needs an interpreter that has an adapter, which ").text(context.options.interpreter).text(" is not"));
  }
  if (fcntl(REPORT, F_GETFD) < 0) fail_for_good(Line().text("--examine: no descriptor 3, to which the report would go").error(errno));
  char **environment = examined_environment(context, interpreter, REPORT);
  become_interpreter(context, interpreter, setup_arguments(context, interpreter), environment, &REPORT, 1);
}

}  // namespace prefork::client
