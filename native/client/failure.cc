#include "client/failure.h"

#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

namespace prefork::client {

namespace {

struct Undo {
  void (*function)(const void *subject);
  const void *subject;
  pid_t owner;
};
Undo undo{nullptr, nullptr, 0};

}  // namespace

void Line::add(char byte) {
  if (length_ == LIMIT) return;
  const auto code = static_cast<unsigned char>(byte);
  bytes_[length_++] = code < 0x20 || code == 0x7f ? '?' : byte;
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
  char digits[24];
  size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) add(digits[--count]);
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
  // A reader of standard error that is gone must not turn this into death by SIGPIPE: the status is still to be told.
  signal(SIGPIPE, SIG_IGN);
  static char prefix[] = "prefork-interp: ";
  static char newline[] = "\n";
  iovec pieces[] = {{prefix, sizeof(prefix) - 1}, {const_cast<char *>(line.bytes()), line.length()}, {newline, 1}};
  // Nowhere is left to report that standard error cannot be written.
  [[maybe_unused]] const ssize_t written = writev(STDERR_FILENO, pieces, sizeof(pieces) / sizeof(*pieces));
}

void fail(const Line &line) {
  complain(line);
  fail_silently();
}

void fail_silently() {
  if (undo.function != nullptr && undo.owner == getpid()) undo.function(undo.subject);
  _exit(EXIT_FAILURE_OF_CLIENT);
}

void undo_on_failure(void (*function)(const void *subject), const void *subject) {
  undo = Undo{function, subject, getpid()};
}

}  // namespace prefork::client
