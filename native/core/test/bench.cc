// What a warm call costs in the core: options, identity, request (4 kB of environment, three arguments), greeting, status. Prints
// microseconds a call, the first in a fresh process and the fastest of many. C headers only, so that it links like the client.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>

#include "../core.h"

using namespace prefork::core;

namespace {

constexpr int ENTRIES = 50;
constexpr int ENTRY_BYTES = 82;  // 50 entries of 82 bytes: 4100 bytes
char environment[ENTRIES][ENTRY_BYTES];

void fail(const char *what, Code code) {
  char message[256];
  error_message(code, "", message, sizeof message);
  fprintf(stderr, "bench: %s: %s\n", what, message);
  exit(1);
}

void require(const char *what, Code code) {
  if (code != E_NONE) fail(what, code);
}

void call() {
  const char *const argv[] = {"prefork-interp", "-U,node", "/usr/local/bin/tool", "--check", "src/index.ts", "--quiet"};
  Options options;
  const char *subject;
  require("options", parse_options(6, argv, &options, &subject));

  utsname system;
  memset(&system, 0, sizeof system);
  uint8_t prologue[RELEASED_PROLOGUE_LIMIT];
  IdentityInput input{};
  input.prologue = prologue;
  input.prologue_length = released_prologue(system, 1, 2, 3, 4, prologue);
  input.interpreter = options.interpreter;
  input.script = options.script;
  char digits[IDENT_DIGITS + 1];
  require("identity", identity(input, digits));

  greeting_begin();
  static const uint8_t greeting[] = {'P', 'F', 'I', '\n', 0, 0, 0, 0};
  require("greeting", greeting_push(greeting, sizeof greeting).code);

  require("request", request_begin(Framing::released));
  for (const char *entry : environment) require("environment", request_environment(entry));
  require("interpreter", request_argument(options.interpreter));
  require("script", request_argument(options.script));
  for (int at = options.first_argument; at < 6; at++) require("argument", request_argument(argv[at]));
  EncodedRequest request;
  require("request", request_end(&request));

  status_begin();
  uint32_t value;
  static const uint8_t status[] = {0, 0, 7, 0};
  require("status", status_push(status, sizeof status, &value).code);
  if (wait_status(WaitTable::released, value).value != 7) fail("status", E_ARGUMENT);
}

double microseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double timed_call() {
  const double begin = microseconds();
  call();
  return microseconds() - begin;
}

}  // namespace

int main() {
  for (int at = 0; at < ENTRIES; at++) {
    memset(environment[at], 'v', ENTRY_BYTES - 1);
    const int name = snprintf(environment[at], ENTRY_BYTES, "VARIABLE_%02d=", at);
    environment[at][name] = 'v';
  }
  rusage before;
  rusage after;
  getrusage(RUSAGE_SELF, &before);
  const double first = timed_call();
  getrusage(RUSAGE_SELF, &after);
  double fastest = first;
  for (int at = 0; at < 10000; at++) {
    const double time = timed_call();
    if (time < fastest) fastest = time;
  }
  printf("first %.1f us (%ld page faults), fastest %.1f us\n", first, after.ru_minflt - before.ru_minflt, fastest);
  return 0;
}
