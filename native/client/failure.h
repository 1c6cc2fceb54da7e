// Errors of the client: what the machinery could not do. Before a call is committed the script is run without it; where that
// is not wanted, or too late, exactly one line on standard error, and exit status 127.
#pragma once

#include <stddef.h>

namespace prefork::client {

// What the client exits with when it is the client that failed (docs/protocol.md).
inline constexpr int EXIT_FAILURE_OF_CLIENT = 127;

// The longest piece of a line: what it is about may be as long as the caller likes, and the reason comes after it.
inline constexpr size_t LINE_PIECE_LIMIT = 1000;

// One write(2) of this much is not torn on a pipe by somebody else's (PIPE_BUF, pipe(7)).
inline constexpr size_t LINE_LIMIT = 4000;

// A line of text, put together piece by piece. Of a piece that is too long it holds the beginning, and "...".
//
// Its text is no part of it, so that the functions of a call that does not fail need no pages for the lines they might have to
// say. It holds until LINES others have begun.
inline constexpr size_t LINES = 8;
class Line {
 public:
  Line();
  // In memory of its own: LINE_LIMIT + 1 bytes.
  explicit Line(char *memory) : bytes_(memory) { *memory = 0; }
  // All of another's text.
  Line &line(const Line &other);
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

  char *bytes_;
  size_t length_ = 0;
};

// Writes "prefork-interp: LINE\n" in one piece. Control characters in the line become '?', so that a path with a line feed
// in it cannot make two lines of one.
void complain(const Line &line);

// Whether PREFORK_INTERP_DEBUG asks to be told what is done and why: with complain(), a line for each step.
bool is_debugging();

// Undoes what there is to undo. Then, where something was said to be done instead of failing, does that; else writes the line
// and ends the process with status 127.
[[noreturn]] void fail(const Line &line);

// The same, but never does anything else instead: what went wrong is the script's, or the command line's, and would go wrong
// in any other way too.
[[noreturn]] void fail_for_good(const Line &line);

// What is done instead of failing, which does not return; null for nothing any more.
void instead_of_failing(void (*instead)(const Line &why, const void *subject), const void *subject);

// What a failure from now on has to undo; null for nothing any more.
void undo_on_failure(void (*undo)(const void *subject), const void *subject);

// In a process that this one has just forked, first of all: what fails there is undone, told and made good by the parent. The line
// is left in `shared`, which is memory of both, and the process ends with status 127.
void leave_failure_to_parent(Line *shared);

// Memory for that: an empty line, which the children of this process share with it. Null with errno where there is none.
Line *share_line();

}  // namespace prefork::client
