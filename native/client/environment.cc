#include "client/environment.h"

#include <stdlib.h>
#include <string.h>

#include "client/entry.h"
#include "client/failure.h"
#include "client/laundry.h"

extern char **environ;

namespace prefork::client {

namespace {

// Ours, and perhaps another's: this call may come from within a setup.
constexpr char VARIABLE[] = "PREFORK_INTERP";

// Exactly nine digits of nanoseconds, with the zeros in front.
void add_nanoseconds(Line *line, long nanoseconds) {
  for (long unit = 100000000; unit > 0; unit /= 10) line->number(nanoseconds / unit % 10);
}

char *describe(const Interpreter &interpreter, const Handover &handover, const timespec &stamp) {
  Line line;
  line.text(VARIABLE).text("=v1,").number(stamp.tv_sec).text(".");
  add_nanoseconds(&line, stamp.tv_nsec);
  if (interpreter.adapted != nullptr) line.text(",v2");
  line.text(" ").number(handover.listener).text(",").number(handover.call);
  line.text(",").number(handover.watcher_input).text(",").number(handover.watcher_errors);
  if (interpreter.adapted != nullptr) line.text(" ").text(handover.socket);
  return strdup(line.bytes());
}

size_t count_of(char *const *list) {
  size_t count = 0;
  while (list[count] != nullptr) count++;
  return count;
}

// A copy of a list without what is ours, with room for one more.
char **without_ours(char *const *list) {
  auto **copy = static_cast<char **>(calloc(count_of(list) + 2, sizeof(char *)));
  if (copy == nullptr) fail(Line().text("no memory for the environment"));
  size_t kept = 0;
  for (; *list != nullptr; list++) {
    if (!is_named(*list, VARIABLE)) copy[kept++] = *list;
  }
  return copy;
}

}  // namespace

char **setup_environment(const Context &context, const Interpreter &interpreter, const Handover &handover,
                         const timespec &stamp) {
  const bool laundered = context.options.mediation == core::Mediation::laundered;
  char **environment = without_ours(laundered ? laundered_environment(context.options, *interpreter.adapted) : environ);
  char *own = describe(interpreter, handover, stamp);
  if (own == nullptr) fail(Line().text("no memory for the environment"));
  environment[count_of(environment)] = own;
  return environment;
}

char **plain_environment() { return without_ours(environ); }

}  // namespace prefork::client
