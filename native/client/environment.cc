#include "client/environment.h"

#include <stdlib.h>
#include <string.h>

#include "client/failure.h"

extern char **environ;

namespace prefork::client {

namespace {

constexpr char VARIABLE[] = "PREFORK_INTERP";

// What is not passed on. The first is ours, and perhaps another's: this call may come from within a setup. The others tell a
// node to take one of its descriptors for the channel to a parent (child_process.fork), which setup does not have.
constexpr const char *DROPPED[] = {VARIABLE, "NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE"};

bool is_dropped(const char *entry) {
  for (const char *name : DROPPED) {
    const size_t length = strlen(name);
    if (strncmp(entry, name, length) == 0 && entry[length] == '=') return true;
  }
  return false;
}

// Exactly nine digits of nanoseconds, with the zeros in front.
void add_nanoseconds(Line *line, long nanoseconds) {
  for (long unit = 100000000; unit > 0; unit /= 10) line->number(nanoseconds / unit % 10);
}

char *describe(const Handover &handover, const timespec &stamp) {
  Line line;
  line.text(VARIABLE).text("=v1,").number(stamp.tv_sec).text(".");
  add_nanoseconds(&line, stamp.tv_nsec);
  line.text(" ").number(handover.listener).text(",").number(handover.call);
  line.text(",").number(handover.watcher_input).text(",").number(handover.watcher_errors);
  return strdup(line.bytes());
}

}  // namespace

char **setup_environment(const Handover &handover, const timespec &stamp) {
  size_t count = 0;
  while (environ[count] != nullptr) count++;
  auto **environment = static_cast<char **>(calloc(count + 2, sizeof(char *)));
  char *own = describe(handover, stamp);
  if (environment == nullptr || own == nullptr) fail(Line().text("no memory for the environment"));
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if (!is_dropped(environ[i])) environment[kept++] = environ[i];
  }
  environment[kept] = own;
  return environment;
}

}  // namespace prefork::client
