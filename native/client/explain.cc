#include "client/explain.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/failure.h"
#include "client/identity.h"
#include "core/sparse.h"
#include "sys/decimal.h"

namespace prefork::client {

namespace {

SPARSE char buffer[4096];
size_t used = 0;

void flush() {
  for (size_t at = 0; at < used;) {
    const ssize_t written = write(STDOUT_FILENO, buffer + at, used - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(Line().text("cannot write to standard output").error(errno));
    at += static_cast<size_t>(written);
  }
  used = 0;
}

void put(char byte) {
  if (used == sizeof(buffer)) flush();
  buffer[used++] = byte;
}

void put(const char *text) {
  while (*text != 0) put(*text++);
}

// A space and a word: bytes that a word does not have in it are \xNN.
void word(const void *bytes, size_t length) {
  static const char HEXADECIMAL[] = "0123456789abcdef";
  const auto *each = static_cast<const uint8_t *>(bytes);
  put(' ');
  for (size_t i = 0; i < length; i++) {
    if (each[i] > ' ' && each[i] < 0x7f && each[i] != '\\') {
      put(static_cast<char>(each[i]));
    } else {
      put("\\x");
      put(HEXADECIMAL[each[i] >> 4]);
      put(HEXADECIMAL[each[i] & 15]);
    }
  }
}

void word(const char *text) { word(text, strlen(text)); }

void line(const char *name, const char *value) {
  put(name);
  word(value);
  put('\n');
}

void add_context(const core::ContextField &field) {
  char digits[sys::DECIMAL_DIGITS + 1];
  char *const end = digits + sys::DECIMAL_DIGITS;
  *end = 0;
  put("context");
  word(sys::write_decimal(field.tag, end));
  word(field.bytes, field.length);
  put('\n');
}

void add_option(const core::IdentityField &field) {
  put(field.tag == core::TAG_STRING ? "string" : field.tag == core::TAG_SETTING ? "option" : "variable");
  word(field.string);
  if (field.value != nullptr) word(field.value);
  put('\n');
}

void print_identity(const Context &context, const Interpreter &interpreter) {
  const core::IdentityInput input = identity_parts(context, interpreter);
  if (interpreter.adapted == nullptr) {
    put("prologue");
    word(input.prologue, input.prologue_length);
    put('\n');
  }
  for (size_t i = 0; i < input.context_count; i++) add_context(input.context[i]);
  for (size_t i = 0; i < input.field_count; i++) add_option(input.fields[i]);
  line("interpreter", input.interpreter);
  for (size_t i = 0; i < input.interpreter_argument_count; i++) line("argument", input.interpreter_arguments[i]);
  if (input.script != nullptr) line("script", input.script);
}

// Nothing else decides, so nothing else is asked for.
void print_chosen(const core::Options &options) {
  line("chosen", options.ident);
  line("interpreter", options.interpreter);
  if (options.script != nullptr) line("script", options.script);
}

}  // namespace

void print_explanation(const Context &context, const Interpreter &interpreter, const Rendezvous &rendezvous) {
  line("directory", rendezvous.directory.path);
  line("ident", rendezvous.ident);
  if (context.options.ident != nullptr) {
    print_chosen(context.options);
  } else {
    print_identity(context, interpreter);
  }
  flush();
  _exit(0);
}

}  // namespace prefork::client
