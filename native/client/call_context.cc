#include "client/call_context.h"

#include "client/failure.h"

namespace prefork::client {

void fail_with(core::Code code, const char *subject) {
  char text[4096];
  core::error_message(code, subject, text, sizeof(text));
  fail(Line().text(text));
}

const char *subject_of(const Context &context) {
  return context.options.script != nullptr ? context.options.script : context.options.interpreter;
}

}  // namespace prefork::client
