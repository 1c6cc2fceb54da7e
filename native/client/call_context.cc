#include "client/call_context.h"

#include <string.h>

namespace prefork::client {

Line words_of(core::Code code, const char *subject) {
  // The subject is cut here and not by Line, which would cut off what the core says after it.
  char about[LINE_PIECE_LIMIT / 2 + 4];
  const size_t length = strnlen(subject, LINE_PIECE_LIMIT / 2);
  memcpy(about, subject, length);
  strcpy(about + length, subject[length] == 0 ? "" : "...");
  char text[LINE_PIECE_LIMIT];
  core::error_message(code, about, text, sizeof(text));
  return Line().text(text);
}

void fail_with(core::Code code, const char *subject) { fail(words_of(code, subject)); }

void fail_for_good_with(core::Code code, const char *subject) { fail_for_good(words_of(code, subject)); }

const char *subject_of(const Context &context) {
  return context.options.script != nullptr ? context.options.script : context.options.interpreter;
}

}  // namespace prefork::client
