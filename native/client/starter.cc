#include "client/starter.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/decimal.h"
#include "sys/other_process.h"
#include "sys/process.h"
#include "sys/ready.h"
#include "sys/small_file.h"

namespace prefork::client {

namespace {

// So long is waited for starts of others, all together. More than an initialisation may sensibly take; and a script that does not run at
// all because another call's initialisation never ends is worse than one that is run without a server.
constexpr long long WAIT_FOR_STARTS_LIMIT_MS = 60000;

constexpr int LONGEST_PAUSE_MS = 50;

// How far up ancestors are looked at. Scripts that call one another in their initialisations are three or four processes apart.
constexpr int ANCESTORS_LIMIT = 64;

// A number and a line feed.
constexpr size_t NUMBER_BYTES = 24;

// As src/setup/complete.ts shows it.
constexpr char SERVER_NAME[] = "prefork-interp: server";

constexpr char STOPPED = 'T';

// Of the wait that goes on; 0 while there is none.
long long deadline = 0;

// What the lock file says; 0 where it says nothing, as while a released client holds it.
pid_t noted_process(const Rendezvous &rendezvous) {
  char text[NUMBER_BYTES + 1];
  const ssize_t got = sys::read_small(rendezvous.lock, text, sizeof(text) - 1);
  if (got <= 0 || text[got - 1] != '\n') return 0;
  text[got] = 0;
  const long number = strtol(text, nullptr, 10);
  return number > 0 && number <= INT_MAX ? static_cast<pid_t>(number) : 0;
}

bool is_server(pid_t pid) { return sys::command_line_begins(pid, SERVER_NAME); }

bool is_ancestor(pid_t pid) {
  // Who it was last found not to be: who is no ancestor becomes none.
  static pid_t known_other = 0;
  if (pid == known_other) return false;
  sys::ProcessLook look{0, sys::parent()};
  for (int level = 0; level < ANCESTORS_LIMIT && look.parent > 0; level++) {
    if (look.parent == pid) return true;
    if (!sys::look_at_process(look.parent, &look)) break;
  }
  known_other = pid;
  return false;
}

bool is_stopped(pid_t pid) {
  sys::ProcessLook look;
  return sys::look_at_process(pid, &look) && look.state == STOPPED;
}

Line about_starter(const Context &context, pid_t starter) {
  return Line().text("the server of ").text(subject_of(context)).text(" is being started by process ").number(starter);
}

}  // namespace

void note_starter(int lock) {
  char text[NUMBER_BYTES];
  char *const end = text + sizeof(text);
  end[-1] = '\n';
  const char *begin = sys::write_decimal(static_cast<unsigned long long>(getpid()), end - 1);
  // Where it cannot be written, others wait until their limit: nothing else depends on it.
  if (ftruncate(lock, 0) != 0) return;
  const ssize_t written = pwrite(lock, begin, static_cast<size_t>(end - begin), 0);
  static_cast<void>(written);
}

bool waits_in_vain(const Context &context, const Rendezvous &rendezvous, Line *why) {
  const long long now = sys::monotonic_milliseconds();
  if (deadline == 0) deadline = now + WAIT_FOR_STARTS_LIMIT_MS;
  const pid_t starter = noted_process(rendezvous);
  // A server's number is there from before, and it does not hold the lock.
  if (starter > 0 && !is_server(starter)) {
    if (is_ancestor(starter)) {
      *why = about_starter(context, starter).text(", which waits for this call");
      return true;
    }
    if (is_stopped(starter)) {
      *why = about_starter(context, starter).text(", which is stopped");
      return true;
    }
  }
  if (now < deadline) return false;
  *why = Line().text("the server of ").text(subject_of(context)).text(" is still being started by another call after ").number(WAIT_FOR_STARTS_LIMIT_MS).text(" ms");
  return true;
}

void Pause::make() {
  sys::wait_ready(nullptr, 0, milliseconds_);
  milliseconds_ = milliseconds_ * 2 < LONGEST_PAUSE_MS ? milliseconds_ * 2 : LONGEST_PAUSE_MS;
}

void wait_is_over() { deadline = 0; }

void wake_server(const Rendezvous &rendezvous) {
  const pid_t server = noted_process(rendezvous);
  if (server > 0 && is_stopped(server) && is_server(server)) sys::send_signal(server, SIGCONT);
}

}  // namespace prefork::client
