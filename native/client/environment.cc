#include "client/environment.h"

#include <stdlib.h>
#include <string.h>

#include "client/entry.h"
#include "client/failure.h"
#include "client/laundry.h"
#include "client/recorder.h"

extern char **environ;

namespace prefork::client {

namespace {

// Ours, and perhaps another's: this call may come from within a setup.
constexpr char VARIABLE[] = "PREFORK_INTERP";

// Its first word where a report is wanted (src/setup/handover.ts).
constexpr char EXAMINE[] = "examine";

// Exactly nine digits of nanoseconds, with the zeros in front.
void add_nanoseconds(Line *line, long nanoseconds) {
  for (long unit = 100000000; unit > 0; unit /= 10) line->number(nanoseconds / unit % 10);
}

// What the `#!` line says of the server.
void add_settings(Line *line, const core::Options &options) {
  for (size_t i = 0; i < options.field_count; i++) {
    if (options.fields[i].tag == core::TAG_SETTING) line->text(",").text(options.fields[i].string);
  }
}

Line describe(const core::Options &options, const Interpreter &interpreter, const Handover &handover, const timespec &stamp) {
  Line line;
  line.text("v1,").number(stamp.tv_sec).text(".");
  add_nanoseconds(&line, stamp.tv_nsec);
  if (interpreter.adapted != nullptr) line.text(",v2");
  add_settings(&line, options);
  line.text(" ").number(handover.listener).text(",").number(handover.call);
  line.text(",").number(handover.watcher_input).text(",").number(handover.watcher_errors);
  if (interpreter.adapted != nullptr) line.text(" ").text(handover.socket);
  return line;
}

size_t count_of(char *const *list) {
  size_t count = 0;
  while (list[count] != nullptr) count++;
  return count;
}

// A copy of a list without what is ours, with room for two more.
char **without_ours(char *const *list) {
  auto **copy = static_cast<char **>(calloc(count_of(list) + 3, sizeof(char *)));
  if (copy == nullptr) fail(Line().text("no memory for the environment"));
  size_t kept = 0;
  for (; *list != nullptr; list++) {
    if (!is_named(*list, VARIABLE)) copy[kept++] = *list;
  }
  return copy;
}

char **with_handover(const Context &context, const Interpreter &interpreter, const Line &handover) {
  const bool laundered = context.options.mediation == core::Mediation::laundered;
  char **environment = without_ours(laundered ? laundered_environment(context.options, *interpreter.adapted) : environ);
  char *own = strdup(Line().text(VARIABLE).text("=").line(handover).bytes());
  if (own == nullptr) fail(Line().text("no memory for the environment"));
  environment[count_of(environment)] = own;
  preload_recorder(interpreter, environment);
  return environment;
}

}  // namespace

char **setup_environment(const Context &context, const Interpreter &interpreter, const Handover &handover,
                         const timespec &stamp) {
  return with_handover(context, interpreter, describe(context.options, interpreter, handover, stamp));
}

char **examined_environment(const Context &context, const Interpreter &interpreter, int report) {
  Line line;
  line.text(EXAMINE);
  add_settings(&line, context.options);
  return with_handover(context, interpreter, line.text(" ").number(report));
}

char **plain_environment() { return without_ours(environ); }

}  // namespace prefork::client
