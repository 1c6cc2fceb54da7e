// Errors of the client: exactly one line on standard error, and exit status 127.
#pragma once

#include <stddef.h>

namespace prefork::client {

// What the client exits with when it is the client that failed (docs/protocol.md).
inline constexpr int EXIT_FAILURE_OF_CLIENT = 127;

// The longest piece of a line: what it is about may be as long as the caller likes, and the reason comes after it.
inline constexpr size_t LINE_PIECE_LIMIT = 1000;

// A line of text, put together piece by piece. Of a piece that is too long it holds the beginning, and "...".
class Line {
 public:
  Line &text(const char *string);
  Line &number(long long value);
  Line &natural(unsigned long long value);
  Line &octal(unsigned value);
  // ": " and what this errno means (strerror(3)).
  Line &error(int number);

  const char *bytes() const { return bytes_; }
  size_t length() const { return length_; }

 private:
  void add(char byte);

  // One write(2) of this much is not torn on a pipe by somebody else's (PIPE_BUF, pipe(7)).
  static constexpr size_t LIMIT = 4000;
  char bytes_[LIMIT + 1] = {};
  size_t length_ = 0;
};

// Writes "prefork-interp: LINE\n" in one piece. Control characters in the line become '?', so that a path with a line feed
// in it cannot make two lines of one.
void complain(const Line &line);

// The same, undoes what there is to undo, and ends the process with status 127.
[[noreturn]] void fail(const Line &line);

// For where the line has been written already, by a process that this one started.
[[noreturn]] void fail_silently();

// What a failure from now on has to undo; null for nothing any more. Only in the process that said so: a child that fails
// before it has become another program undoes nothing of its parent's.
void undo_on_failure(void (*undo)(const void *subject), const void *subject);

}  // namespace prefork::client
