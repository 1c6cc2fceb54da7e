#include "client/failure.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "client/trace.h"
#include "core/sparse.h"
#include "sys/decimal.h"

namespace prefork::client {

namespace {

constexpr char DEBUG_VARIABLE[] = "PREFORK_INTERP_DEBUG";

struct Undo {
  void (*function)(const void *subject);
  const void *subject;
};
Undo undo{nullptr, nullptr};

struct Action {
  void (*function)(const Line &why, const void *subject);
  const void *subject;
};
Action instead{nullptr, nullptr};

Line *told_to_parent = nullptr;

void undo_everything() {
  const Undo now = undo;
  undo = Undo{nullptr, nullptr};
  if (now.function != nullptr) now.function(now.subject);
}

SPARSE char lines[LINES][LINE_LIMIT + 1];
size_t lines_begun = 0;

[[noreturn]] void end_child(const Line &line) {
  told_to_parent->line(line);
  _exit(EXIT_FAILURE_OF_CLIENT);
}

}  // namespace

Line::Line() : Line(lines[lines_begun++ % LINES]) {}

void Line::add(char byte) {
  if (length_ == LINE_LIMIT) return;
  const auto code = static_cast<unsigned char>(byte);
  bytes_[length_++] = code < 0x20 || code == 0x7f ? '?' : byte;
  bytes_[length_] = 0;
}

Line &Line::line(const Line &other) {
  for (size_t i = 0; i < other.length_; i++) add(other.bytes_[i]);
  return *this;
}

Line &Line::text(const char *string) {
  size_t count = 0;
  while (string[count] != 0 && count < LINE_PIECE_LIMIT) add(string[count++]);
  if (string[count] != 0) {
    for (int dots = 0; dots < 3; dots++) add('.');
  }
  return *this;
}

Line &Line::natural(unsigned long long value) {
  char digits[sys::DECIMAL_DIGITS];
  char *const end = digits + sizeof(digits);
  for (const char *at = sys::write_decimal(value, end); at < end; at++) add(*at);
  return *this;
}

Line &Line::number(long long value) {
  if (value >= 0) return natural(static_cast<unsigned long long>(value));
  add('-');
  return natural(0ULL - static_cast<unsigned long long>(value));
}

Line &Line::octal(unsigned value) {
  add('0');
  int shift = 30;
  while (shift > 0 && (value >> shift) == 0) shift -= 3;
  for (; shift >= 0 && value != 0; shift -= 3) add(static_cast<char>('0' + ((value >> shift) & 7)));
  return *this;
}

Line &Line::error(int number) { return text(": ").text(strerror(number)); }

void complain(const Line &line) {
  static char prefix[] = "prefork-interp: ";
  static char newline[] = "\n";
  iovec pieces[] = {{prefix, sizeof(prefix) - 1}, {const_cast<char *>(line.bytes()), line.length()}, {newline, 1}};
  // A reader of standard error that is gone must not turn this into death by SIGPIPE: the status is still to be told, or the
  // script to be run. Blocked and taken off again instead of ignored, which whatever is run next would inherit.
  sigset_t pipe;
  sigset_t before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigprocmask(SIG_BLOCK, &pipe, &before);
  // Nowhere is left to report that standard error cannot be written.
  const ssize_t written = writev(STDERR_FILENO, pieces, sizeof(pieces) / sizeof(*pieces));
  const timespec at_once{0, 0};
  if (written < 0 && errno == EPIPE) sigtimedwait(&pipe, nullptr, &at_once);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

bool is_debugging() {
  const char *value = getenv(DEBUG_VARIABLE);
  return value != nullptr && *value != 0 && strcmp(value, "0") != 0;
}

void fail(const Line &line) {
  if (told_to_parent != nullptr) end_child(line);
  if (instead.function == nullptr) fail_for_good(line);
  const Action now = instead;
  instead = Action{nullptr, nullptr};
  undo_everything();
  now.function(line, now.subject);
  _exit(EXIT_FAILURE_OF_CLIENT);
}

void fail_for_good(const Line &line) {
  if (told_to_parent != nullptr) end_child(line);
  complain(line);
  leave_trace("failed", line.bytes());
  undo_everything();
  _exit(EXIT_FAILURE_OF_CLIENT);
}

void instead_of_failing(void (*function)(const Line &why, const void *subject), const void *subject) {
  instead = Action{function, subject};
}

void undo_on_failure(void (*function)(const void *subject), const void *subject) { undo = Undo{function, subject}; }

void leave_failure_to_parent(Line *shared) { told_to_parent = shared; }

Line *share_line() {
  struct Shared {
    Line line;
    char text[LINE_LIMIT + 1];
  };
  void *memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto *shared = static_cast<Shared *>(memory);
  shared->line = Line(shared->text);
  return &shared->line;
}

}  // namespace prefork::client
